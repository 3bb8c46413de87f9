//! From figures to places on an axis, and to text.

/// An axis: the figures at its ends, and the places where they are drawn.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    figures: (f64, f64),
    places: (f64, f64),
    /// Between the figures that are written at the axis; none if it is logarithmic.
    step: Option<f64>,
}

impl Scale {
    /// From nothing to at least this, in equal steps.
    pub(super) fn linear(most: f64, places: (f64, f64)) -> Self {
        let step = round_step(most / 3.0);
        Self { figures: (0.0, (most / step).ceil() * step), places, step: Some(step) }
    }

    /// Between two figures, in equal ratios, with a little air.
    pub(super) fn log((least, most): (f64, f64), places: (f64, f64)) -> Self {
        let air = (most / least).powf(0.04).max(1.1);
        Self { figures: (least / air, most * air), places, step: None }
    }

    pub(super) fn place(&self, figure: f64) -> f64 {
        let share = |figure: f64| if self.step.is_none() { figure.log10() } else { figure };
        let (from, to) = (share(self.figures.0), share(self.figures.1));
        self.places.0 + (share(figure) - from) / (to - from) * (self.places.1 - self.places.0)
    }

    /// The figures that are written at the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let (from, to) = self.figures;
        let Some(step) = self.step else {
            let (lowest, highest) = (from.log10().floor() as i32, to.log10().ceil() as i32);
            // Within few powers of ten also what is between them; of many not each.
            let factors: &[f64] = if to / from < 50.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let step = ((highest - lowest) as usize).div_ceil(7);
            let decades = (lowest..=highest).step_by(step.max(1)).map(|power| 10f64.powi(power));
            let ticks = decades.flat_map(|decade| factors.iter().map(move |factor| decade * factor));
            return ticks.filter(|tick| (from..=to).contains(tick)).collect();
        };
        (0..=(to / step).round() as usize).map(|count| count as f64 * step).collect()
    }
}

/// A step of one, two or five with zeros, close to this.
fn round_step(step: f64) -> f64 {
    let ten = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    let factor = step / ten;
    ten * if factor < 1.5 {
        1.0
    } else if factor < 3.5 {
        2.0
    } else if factor < 7.5 {
        5.0
    } else {
        10.0
    }
}

/// A figure as short as it can be: `1.5 k`, `20 M`.
pub(super) fn short(figure: f64) -> String {
    let (figure, unit) = match figure {
        _ if figure >= 1e9 => (figure / 1e9, " G"),
        _ if figure >= 1e6 => (figure / 1e6, " M"),
        _ if figure >= 1e3 => (figure / 1e3, " k"),
        _ => (figure, ""),
    };
    // Three digits, and no zeros behind the point.
    let text = format!("{figure:.2}");
    let text = if figure >= 100.0 { format!("{figure:.0}") } else { text };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

/// A whole number with commas, or below a hundred one digit behind the point.
pub(super) fn rounded(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.1}") } else { grouped(figure) }
}

/// What stands in a table where there is no figure.
pub(super) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// A whole number with commas.
pub(super) fn grouped(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_short() {
        for (figure, text) in
            [(0.0, "0"), (1.25, "1.25"), (640_000.0, "640 k"), (2_500_000.0, "2.5 M"), (16.0, "16")]
        {
            assert_eq!(short(figure), text);
        }
        assert_eq!(grouped(1_084_321.4), "1,084,321");
    }

    #[test]
    fn an_axis_holds_what_is_on_it() {
        let linear = Scale::linear(926_000.0, (0.0, 100.0));
        assert!(linear.ticks().last().unwrap() >= &926_000.0 && linear.place(926_000.0) <= 100.0);
        assert_eq!(
            Scale::linear(4_090.0, (0.0, 1.0)).ticks().last(),
            Some(&5_000.0),
            "none is beyond the end"
        );
        let log = Scale::log((1.0, 4096.0), (0.0, 100.0));
        assert_eq!(log.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!(log.place(1.0) > 0.0 && log.place(4096.0) < 100.0);
        assert_eq!(Scale::log((30.0, 300.0), (0.0, 1.0)).ticks(), [50.0, 100.0, 200.0]);
    }
}
