//! What a server says of itself, and finding one's way in it.

use countersign::builtin::reflection::ReflectionClient;
use countersign::service::{CallKind, ProcedureDescription, ServiceDescription};
use countersign::text::escaped;
use countersign::{CallError, Client, Code};

use crate::args::Dial;
use crate::failure::Failure;

/// Every service that we may call something of.
pub(crate) async fn services(client: &Client, dial: &Dial) -> Result<Vec<ServiceDescription>, Failure> {
    Ok(ReflectionClient::new(client.clone()).services().timeout(dial.timeout).await?)
}

/// The names of what we may not call. Not everybody may ask for them.
pub(crate) async fn forbidden(client: &Client, dial: &Dial) -> Result<Vec<String>, Failure> {
    let names = ReflectionClient::new(client.clone()).names().timeout(dial.timeout).await?;
    Ok(names.into_iter().filter(|name| !name.allowed).map(|name| name.procedure).collect())
}

/// One service by its name.
pub(crate) async fn service(client: &Client, dial: &Dial, name: &str) -> Result<ServiceDescription, Failure> {
    let described = ReflectionClient::new(client.clone()).describe(name).timeout(dial.timeout).await;
    described.map_err(|error| match error {
        CallError::Status(status) if status.code == Code::NotFound => {
            let what = format!("{} has no service {} for this identity", dial.address, escaped(name));
            Failure::new(what).or_try(dial.command("list", ""))
        }
        other => other.into(),
    })
}

/// One procedure by its name with its service, such as `demo.Math/divide`.
pub(crate) async fn procedure(
    client: &Client,
    dial: &Dial,
    name: &str,
) -> Result<ProcedureDescription, Failure> {
    let Some((service_name, method)) = name.split_once('/') else {
        let what = format!("`{}` is not a procedure: expected SERVICE/METHOD", escaped(name));
        return Err(Failure::new(what).or_try(dial.command("list", "")));
    };
    let mut service = service(client, dial, service_name).await?;
    match service.procedures.iter().position(|procedure| procedure.name == method) {
        Some(at) => Ok(service.procedures.swap_remove(at)),
        None => {
            let methods: Vec<_> = service.procedures.iter().map(|known| escaped(&known.name)).collect();
            let what =
                format!("{service_name} has no procedure {}, but {}", escaped(method), methods.join(", "));
            Err(Failure::new(what).or_try(dial.command("describe", service_name)))
        }
    }
}

/// The same, and it is one that is called with one message and answered with one.
pub(crate) async fn unary(client: &Client, dial: &Dial, name: &str) -> Result<ProcedureDescription, Failure> {
    let procedure = procedure(client, dial, name).await?;
    match procedure.kind {
        CallKind::Unary => Ok(procedure),
        kind => Err(Failure::new(format!("{name} is a stream ({kind}), and this command makes unary calls"))),
    }
}
