//! The window system: the only part of the dashboard that knows one.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::bail;
use countersign_gui::{Chosen, Dashboard, Desk, Notice, Opening};

use crate::signals;

/// Why no window can be opened here, if that is known beforehand.
pub(crate) fn missing_display() -> Option<String> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // Elsewhere every session has a display.
    let is_needed = cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));
    let has_any = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set);
    (is_needed && !has_any).then(|| "no display: neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned())
}

/// What a window remembers of its former life.
pub(crate) enum Memory {
    /// The settings in this file, and its own size and place.
    Kept(Option<PathBuf>),
    /// Nothing. What the window system writes all the same goes into this folder.
    None {
        /// A folder that will be removed.
        scratch: PathBuf,
    },
}

/// Opens the window, and returns when it is closed.
pub(crate) fn open(opening: Opening, memory: Memory) -> anyhow::Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_app_id("countersign")
        .with_title("Countersign")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([960.0, 640.0]);
    let mut options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let settings_file = match memory {
        Memory::Kept(settings_file) => settings_file,
        Memory::None { scratch } => {
            options.persist_window = false;
            options.persistence_path = Some(scratch.join("window.ron"));
            None
        }
    };
    let opened = Arc::new(AtomicBool::new(false));
    let now_open = opened.clone();
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        now_open.store(true, Ordering::Relaxed);
        let context = creation.egui_ctx.clone();
        let repaint = Arc::new(move || context.request_repaint());
        let remove_on_exit = Arc::new(signals::remove_on_exit);
        let (browse, notify) = (Arc::new(browse), Arc::new(notify));
        let desk = Desk { repaint, browse, notify, remove_on_exit, settings_file };
        let dashboard = Dashboard::start(desk, opening)?;
        dashboard.install(&creation.egui_ctx);
        Ok(Box::new(Window { dashboard, title: String::new() }))
    });
    let reason = match without_panics(&opened, || eframe::run_native("countersign", options, create)) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        // A bug of ours, which has been reported by the usual hook.
        Err(panic) if opened.load(Ordering::Relaxed) => panic::resume_unwind(panic),
        Err(panic) => words(&*panic),
    };
    bail!("the window could not be opened: {}", with_remedy(&reason))
}

/// What a window needs of a bare Debian.
const LIBRARIES: &str = "apt install libgl1 libegl1 libxkbcommon-x11-0 libxcursor1 libxi6";
/// What else it needs to draw in it.
const DRIVERS: &str = "apt install libgl1 libegl1 libgl1-mesa-dri";

/// Why there is no window, in words of which a user can make something, and what to do about it.
fn with_remedy(reason: &str) -> String {
    if reason.contains("glutin") {
        let words = "this display has no OpenGL";
        return format!("{words}; on Debian its drivers come with `{DRIVERS}`");
    }
    // winit's message begins with a place in its source, which tells a user nothing.
    let last = last_part(reason);
    if last.contains("open connection") {
        return format!("{last}; check what DISPLAY or WAYLAND_DISPLAY says, and whether you may use it");
    }
    format!("{last}; on Debian its libraries come with `{LIBRARIES}`")
}

/// Runs the window. Its system libraries are loaded only now, and some of them are missed with a panic: until
/// the window is open, that is no news for the standard error.
fn without_panics(
    opened: &Arc<AtomicBool>,
    run: impl FnOnce() -> eframe::Result,
) -> thread::Result<eframe::Result> {
    let usual = Arc::new(panic::take_hook());
    let (hook, opened, window) = (usual.clone(), opened.clone(), thread::current().id());
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() != window || opened.load(Ordering::Relaxed) {
            hook(panic);
        }
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(Box::new(move |panic| usual(panic)));
    ended
}

fn last_part(message: &str) -> &str {
    message.rsplit(": ").next().unwrap_or(message)
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a library panicked").trim_end_matches('.').to_owned()
}

/// Lets the user choose a folder or a file, without holding up the window.
fn browse(wants_folder: bool, chosen: Chosen) {
    let dialog = rfd::AsyncFileDialog::new();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        let picked = runtime.block_on(async {
            if wants_folder { dialog.pick_folder().await } else { dialog.pick_file().await }
        });
        if let Some(picked) = picked {
            chosen(picked.path().to_owned());
        }
    });
}

/// Tells the desktop of an alert.
fn notify(notice: &Notice) -> Result<(), String> {
    let mut notification = notify_rust::Notification::new();
    notification.appname("Countersign").summary(&notice.title).body(&body(&notice.body));
    notification.show().map(drop).map_err(|error| format!("no notification service answers: {error}"))
}

/// What the desktop shows as this text: some take a body for mark-up.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn body(text: &str) -> String {
    let takes_markup =
        notify_rust::get_capabilities().is_ok_and(|can| can.iter().any(|it| it == "body-markup"));
    if takes_markup {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

/// What the desktop shows as this text.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn body(text: &str) -> String {
    text.to_owned()
}

/// The dashboard as eframe knows it.
struct Window {
    dashboard: Dashboard,
    /// What the window system was told last.
    title: String,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        self.dashboard.learn();
        // The lists of windows say it, too, when a connection is lost.
        let title = self.dashboard.title();
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if let Some(due) = self.dashboard.due() {
            ctx.request_repaint_after(due);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.dashboard.ui(ui);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_window_from_opening_is_said_with_its_remedy() {
        let missing = with_remedy("Library libxkbcommon-x11.so could not be loaded");
        assert!(missing.contains("libxkbcommon-x11-0"), "{missing}");
        let display = with_remedy("os error at winit/x.rs:1: Failed to open connection to X server");
        assert!(display.contains("DISPLAY") && !display.contains("winit"), "{display}");
        let opengl =
            with_remedy("Found no glutin configs matching the template: ConfigTemplate {}. Error: not found");
        assert!(opengl.contains("OpenGL") && opengl.contains("libgl1-mesa-dri"), "{opengl}");
    }
}
