//! What a server says that it can do, made fit to show.

use std::collections::BTreeSet;
use std::iter;

use countersign::builtin::reflection::{ProcedureName, ReflectionClient};
use countersign::service::{ProcedureDescription, ServiceDescription};
use countersign::{CallError, Code, Schema};
use serde_json::{Value as Json, json};

use super::link::{Link, PATIENCE, refused};
use crate::model::catalogue::{DeclaredFault, NAME_SHOWN, Procedure, Service, Services};
use crate::model::connection::Failure;
use crate::text;

/// The longest documentation that is kept.
const DOCUMENTATION_SHOWN: usize = 4000;
/// How many services are asked for one by one: so many questions take some seconds over a slow network.
const SERVICES_MAX: usize = 1000;
/// How many places a schema may have, and how many may stand side by side: forms and pages look at each of those
/// whenever they are drawn. Types that people wrote have some hundred, and enums of countries 250 variants.
const PLACES_MAX: usize = 20_000;
const WIDTH_MAX: usize = 500;
/// How many places all schemas of services may have together that are asked for one by one, in some hundred MiB: a
/// thousand services of a hundred procedures each have fewer. What would be beyond is left out.
const PLACES_IN_ALL: usize = 4_000_000;

impl Link {
    /// What the server can do, and the names of what it does not let us do, if it tells us those.
    pub(crate) async fn services(&self) -> Result<Services, Failure> {
        let reflection = ReflectionClient::new(self.client().clone());
        // Few may ask for the names, and no harm is done if the answer is no.
        let (asked, names) =
            tokio::join!(reflection.services().timeout(PATIENCE), reflection.names().timeout(PATIENCE));
        let names = names.ok();
        let described = match (asked, &names) {
            (Err(error), Some(names)) if is_too_large(&error) => one_by_one(&reflection, names).await,
            (Err(error), None) if is_too_large(&error) => return Err(too_large()),
            (asked, _) => asked,
        };
        let described = described.map_err(|error| refused("list its procedures", &error))?;
        let forbidden = |name: ProcedureName| (!name.allowed).then_some(name.procedure);
        Ok(services(described, names.map(|names| names.into_iter().filter_map(forbidden).collect())))
    }
}

/// Whether a server says more than one message holds, or than is decoded of one.
fn is_too_large(error: &CallError) -> bool {
    matches!(error, CallError::Undecodable(_)) || error.code() == Some(Code::ResourceExhausted)
}

fn too_large() -> Failure {
    let remedy = "A rule of its policy that allows countersign.Reflection/names, in full, lets this window ask for one \
                  service at a time.";
    Failure::new("The server's procedures are more than one message holds.", remedy)
}

/// Asks for one service after the other. One that is too large by itself is left out.
async fn one_by_one(
    reflection: &ReflectionClient,
    names: &[ProcedureName],
) -> Result<Vec<ServiceDescription>, CallError> {
    let allowed = names.iter().filter(|name| name.allowed);
    let services: BTreeSet<&str> =
        allowed.filter_map(|name| Some(name.procedure.split_once('/')?.0)).collect();
    let (mut described, mut left) = (Vec::new(), PLACES_IN_ALL);
    for service in services.into_iter().take(SERVICES_MAX) {
        match reflection.describe(service).timeout(PATIENCE).await {
            Ok(one) => match left.checked_sub(places(&one)) {
                Some(rest) => {
                    left = rest;
                    described.push(one);
                }
                None => break,
            },
            Err(error) if is_too_large(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(described)
}

/// How many places a service has in its schemas; a procedure is as many as one takes without any.
fn places(described: &ServiceDescription) -> usize {
    const A_PROCEDURE: usize = 20;
    let of_procedure = |procedure: &ProcedureDescription| {
        let ProcedureDescription { arguments, items_in, items_out, result, fault, .. } = procedure;
        let schemas = [Some(arguments), items_in.as_ref(), items_out.as_ref(), Some(result), fault.as_ref()];
        let of_schemas = schemas.into_iter().flatten().map(|schema| widths(schema.as_value()).count());
        A_PROCEDURE + procedure.faults.len() + of_schemas.sum::<usize>()
    };
    described.procedures.iter().map(of_procedure).sum()
}

/// What a server said that it can do, fit to show.
pub(crate) fn services(described: Vec<ServiceDescription>, forbidden: Option<Vec<String>>) -> Services {
    Services::new(described.into_iter().map(service).collect(), forbidden)
}

fn service(described: ServiceDescription) -> Service {
    // First of all the name, which would else be copied for each procedure in whatever length it has.
    let name = text::line(&described.name, NAME_SHOWN);
    Service {
        documentation: text::paragraph(&described.documentation, DOCUMENTATION_SHOWN),
        procedures: described.procedures.into_iter().map(|described| procedure(&name, described)).collect(),
        name,
        ..Service::default()
    }
}

fn procedure(service: &str, described: ProcedureDescription) -> Procedure {
    let faults = described.faults.iter().map(|fault| DeclaredFault {
        variant: text::line(&fault.variant, NAME_SHOWN),
        code: text::line(&fault.code, NAME_SHOWN),
        message: text::line(&fault.message, NAME_SHOWN),
    });
    Procedure {
        faults: faults.take(WIDTH_MAX).collect(),
        path: text::line(&format!("{service}/{}", described.name), NAME_SHOWN),
        name: text::line(&described.name, NAME_SHOWN),
        documentation: text::paragraph(&described.documentation, DOCUMENTATION_SHOWN),
        kind: described.kind,
        idempotent: described.idempotent,
        deadline_ms: described.deadline_ms,
        arguments: fit(described.arguments),
        items_in: described.items_in.map(fit),
        items_out: described.items_out.map(fit),
        result: fit(described.result),
        fault: described.fault.map(fit),
    }
}

/// The schema, or one of anything at all in place of one that is too large to be gone through in a frame.
fn fit(schema: Schema) -> Schema {
    if is_fit(schema.as_value()) {
        return schema;
    }
    let description = "The server's description is larger than is shown here. Any value can be sent.";
    let mut anything = Schema::default();
    anything.insert("description".to_owned(), json!(description));
    anything
}

fn is_fit(schema: &Json) -> bool {
    widths(schema).zip(1..).all(|(width, seen)| width <= WIDTH_MAX && seen <= PLACES_MAX)
}

/// Goes to every place of a schema, and says how many stand side by side directly below it.
fn widths(schema: &Json) -> impl Iterator<Item = usize> {
    let mut waiting = vec![schema];
    iter::from_fn(move || {
        let place = waiting.pop()?;
        let before = waiting.len();
        match place {
            Json::Array(items) => waiting.extend(items),
            Json::Object(entries) => waiting.extend(entries.values()),
            _ => {}
        }
        Some(waiting.len() - before)
    })
}

#[cfg(test)]
mod tests {
    use countersign::service::CallKind;

    use super::*;

    fn described(schema: Json) -> ProcedureDescription {
        ProcedureDescription {
            name: "bal\nance".repeat(1000),
            documentation: "\u{1b}[31mred".to_owned(),
            kind: CallKind::ServerStream,
            idempotent: false,
            deadline_ms: None,
            arguments: Schema::try_from(schema).unwrap(),
            items_in: None,
            items_out: Some(Schema::default()),
            result: Schema::default(),
            fault: None,
            faults: Vec::new(),
        }
    }

    #[test]
    fn what_a_server_says_of_itself_is_made_fit_to_show() {
        let described = ServiceDescription {
            name: "acme.\u{202e}Ledger".to_owned(),
            documentation: "x".repeat(1 << 20),
            sha256: String::new(),
            procedures: vec![described(json!({}))],
        };
        let service = service(described);
        assert_eq!(service.name, "acme.\\u{202e}Ledger");
        assert!(service.documentation.chars().count() <= DOCUMENTATION_SHOWN + 1);
        let procedure = &service.procedures[0];
        assert!(
            procedure.path.starts_with("acme.\\u{202e}Ledger/bal\\nance") && !procedure.path.contains('\n')
        );
        assert!(procedure.name.len() < 2 * NAME_SHOWN && procedure.streams());
        assert_eq!(procedure.documentation, "\\u{1b}[31mred");
    }

    #[test]
    fn a_service_weighs_as_much_as_its_schemas_have_places() {
        let weight = |schema: Json| {
            let procedures = vec![described(schema.clone()), described(schema)];
            let (name, documentation, sha256) = (String::new(), String::new(), String::new());
            places(&ServiceDescription { name, documentation, sha256, procedures })
        };
        let rows = weight(json!({ "examples": vec![vec![0; 100]; 100] }));
        assert_eq!(rows - weight(json!({ "examples": [] })), 2 * 100 * 101);
    }

    #[test]
    fn a_schema_that_is_too_wide_or_has_too_many_places_gives_way_to_one_of_anything() {
        let wide = json!({ "enum": vec!["x"; WIDTH_MAX + 1] });
        let rows = vec![vec![0; 400]; 100];
        let large = json!({ "examples": rows });
        for schema in [wide, large] {
            let procedure = procedure("a.B", described(schema));
            let shown = countersign::schema::outline(&procedure.arguments).to_string();
            assert_eq!(
                shown,
                "any value: The server's description is larger than is shown here. Any value can be sent.\n"
            );
        }
        let ordinary = json!({ "enum": vec!["x"; WIDTH_MAX] });
        assert_eq!(procedure("a.B", described(ordinary.clone())).arguments.as_value(), &ordinary);
    }
}
