use super::*;
use crate::model::catalogue::Forbidden;

/// Services of packages `a` (two of them) and `b`, and two built-in ones.
fn services() -> Services {
    let service = |name: &str, procedures: &[&str]| Service {
        name: name.to_owned(),
        procedures: procedures
            .iter()
            .map(|procedure| {
                crate::tests::stage::procedure(&format!("{name}/{procedure}"), serde_json::json!({}))
            })
            .collect(),
        ..Service::default()
    };
    let mut all = vec![
        service("a.Ledger", &["balance", "rename"]),
        service("a.Vault", &["open"]),
        service("b.Mail", &["send"]),
        service("countersign.Health", &["get"]),
        service("countersign.Stats", &["get"]),
    ];
    let (path, name) = ("a.Vault/rebalance".to_owned(), "rebalance".to_owned());
    all[1].forbidden.push(Forbidden { path, name });
    Services::from(all)
}

fn listing(services: &Services) -> Listing {
    let mut listing = Listing::default();
    listing.meet(services, true);
    assert!(!listing.refresh(services));
    listing
}

fn filtered(services: &Services, listing: &mut Listing, filter: &str) -> Vec<String> {
    listing.filter = filter.to_owned();
    while listing.refresh(services) {}
    shown(services, listing)
}

fn shown(services: &Services, listing: &Listing) -> Vec<String> {
    let text = |row: &Row| match row.what {
        What::Package(first) => services.all()[first].package().to_owned(),
        What::Service(number) if row.depth > 0 => format!(" {}", services.all()[number].short_name()),
        What::Service(number) => services.all()[number].name.clone(),
        What::Procedure(entry) => format!("/{}", services.listed(entry).name()),
    };
    listing.rows().iter().map(text).collect()
}

#[test]
fn the_tree_is_of_packages_services_and_procedures_with_the_built_in_ones_folded() {
    let services = services();
    let mut listing = listing(&services);
    let tree = [
        "a",
        " Ledger",
        "/balance",
        "/rename",
        " Vault",
        "/open",
        "/rebalance",
        "b.Mail",
        "/send",
        "countersign",
    ];
    assert_eq!(shown(&services, &listing), tree);
    listing.toggle(What::Package(0), &services);
    assert_eq!(shown(&services, &listing), ["a", "b.Mail", "/send", "countersign"]);
}

#[test]
fn a_filter_looks_into_everything_and_ranks_what_it_finds() {
    let services = services();
    let mut listing = listing(&services);
    assert_eq!(filtered(&services, &mut listing, "bal"), ["/balance", "/rebalance", "/send"]);
    assert_eq!(listing.at_cursor().map(|(at, _)| at), Some(0), "the best one is at hand");
    assert_eq!(filtered(&services, &mut listing, "balxyz"), [""; 0]);
    assert_eq!(filtered(&services, &mut listing, "get"), ["/get", "/get"]);
    assert_eq!(filtered(&services, &mut listing, " ").len(), 10, "without letters it is the tree again");
}

#[test]
fn what_a_narrower_filter_finds_is_what_it_would_find_by_itself() {
    let services = services();
    let mut listing = listing(&services);
    for filter in ["e", "en", "ena", "en a", "en", "ren", "x", "e"] {
        let step_by_step = filtered(&services, &mut listing, filter);
        assert_eq!(step_by_step, filtered(&services, &mut self::listing(&services), filter), "{filter}");
    }
}

#[test]
fn the_cursor_walks_the_tree() {
    let services = services();
    let mut listing = listing(&services);
    let mut walk = |step: &dyn Fn(&mut Listing)| {
        step(&mut listing);
        listing.at_cursor().map(|(at, _)| shown(&services, &listing)[at].clone()).unwrap_or_default()
    };
    assert_eq!(walk(&|listing| listing.move_cursor(1)), "a");
    assert_eq!(walk(&|listing| listing.move_cursor(2)), "/balance");
    assert_eq!(walk(&|listing| listing.step_out(&services)), " Ledger");
    assert_eq!(walk(&|listing| listing.step_out(&services)), " Ledger", "it is folded now");
    assert_eq!(walk(&|listing| listing.move_cursor(1)), " Vault");
    assert_eq!(walk(&|listing| listing.move_cursor(-1)), " Ledger");
    assert_eq!(walk(&|listing| listing.step_in(&services)), " Ledger", "it is unfolded now");
    assert_eq!(walk(&|listing| listing.step_in(&services)), "/balance");
    assert_eq!(walk(&|listing| listing.move_cursor(1000)), "countersign");
    assert_eq!(walk(&|listing| listing.move_cursor(-1000)), "a");
}

#[test]
fn what_is_selected_elsewhere_is_unfolded_and_comes_into_sight() {
    let services = services();
    let mut listing = listing(&services);
    let entry = services.entry("countersign.Stats/get").unwrap();
    listing.reveal(entry, &services);
    assert_eq!(listing.wanted.map(|at| listing.rows()[at].what), Some(What::Procedure(entry)));
}

#[test]
fn many_procedures_begin_with_their_services() {
    let procedures = (0..=MANY).map(|i| format!("a.Many/number{i}")).collect();
    let services = Services::new(Vec::new(), Some(procedures));
    assert_eq!(shown(&services, &listing(&services)), ["a.Many"]);
}

#[test]
fn a_search_through_endless_names_takes_several_steps() {
    let names = (0..3000).map(|i| format!("a.Many/{i}{}", "ab".repeat(150))).collect();
    let services = Services::new(Vec::new(), Some(names));
    let mut listing = listing(&services);
    listing.filter = "ab".repeat(20);
    let mut steps = 1;
    while listing.refresh(&services) {
        assert_eq!(shown(&services, &listing), ["a.Many"], "what was shown stays until there is an answer");
        steps += 1;
    }
    assert!(steps > 3);
    assert_eq!(listing.rows().len(), 3000);
}
