//! `demo.Math`: the smallest service whose author declared a fault.

use countersign::Context;

/// Arithmetic, and what can go wrong with it.
#[countersign::service(package = "demo")]
pub trait Math {
    /// The dividend divided by the divisor. Dividing by zero is a fault that the contract declares.
    #[rpc(idempotent, deadline = "1s")]
    async fn divide(&self, cx: &Context, dividend: f64, divisor: f64) -> Result<f64, MathError>;
}

/// Why there is no result.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, thiserror::Error, countersign::Fault)]
#[non_exhaustive]
pub enum MathError {
    /// The divisor was zero.
    #[error("{dividend} cannot be divided by zero")]
    #[fault(code = InvalidArgument)]
    DivisionByZero {
        /// What was to be divided.
        dividend: f64,
    },
}

/// Math, as the demo serves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Abacus;

impl Math for Abacus {
    async fn divide(&self, _: &Context, dividend: f64, divisor: f64) -> Result<f64, MathError> {
        if divisor == 0.0 { Err(MathError::DivisionByZero { dividend }) } else { Ok(dividend / divisor) }
    }
}
