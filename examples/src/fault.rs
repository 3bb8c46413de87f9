//! `demo.Fault`: calls that fail, in the way that you choose.

use countersign::{Code, Context, Status};

/// Fails on demand: to see what an error looks like before you have one.
#[countersign::service(package = "demo")]
pub trait Fault {
    /// Fails with this code and this message.
    // Not idempotent: clients would make a call that fails with `UNAVAILABLE` again, and show nothing for a while.
    async fn fail(&self, cx: &Context, code: CodeName, message: String) -> Result<(), Status>;

    /// Panics. The caller is told `INTERNAL`, and the server goes on as if nothing had happened.
    async fn panic(&self, cx: &Context) -> Result<(), Status>;
}

/// The name of a status code, such as `NOT_FOUND` or `UNAVAILABLE`; upper or lower case.
#[countersign::message]
#[schemars(example = &"NOT_FOUND")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeName(pub String);

impl From<Code> for CodeName {
    fn from(code: Code) -> Self {
        Self(code.name().to_owned())
    }
}

/// Fault, as the demo serves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saboteur;

impl Fault for Saboteur {
    async fn fail(&self, _: &Context, code: CodeName, message: String) -> Result<(), Status> {
        Err(match Code::from_name(&code.0) {
            Some(Code::Ok) => Status::invalid_argument("code: OK is not a failure"),
            Some(code) => Status::new(code, message),
            None => {
                let names: Vec<_> = Code::ALL[1..].iter().map(|code| code.name()).collect();
                Status::invalid_argument(format!("code: expected one of {}", names.join(", ")))
            }
        })
    }

    async fn panic(&self, _: &Context) -> Result<(), Status> {
        panic!("somebody called demo.Fault/panic, and this is what it does");
    }
}
