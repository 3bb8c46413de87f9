//! `demo.Math`: the smallest service whose author declared faults.

use countersign::{Context, Receiver, Status};

/// Arithmetic, and what can go wrong with it.
#[countersign::service(package = "demo")]
pub trait Math {
    /// The dividend divided by the divisor. Dividing by zero is a fault that the contract declares.
    #[rpc(idempotent, deadline = "1s")]
    async fn divide(&self, cx: &Context, dividend: f64, divisor: f64) -> Result<f64, MathError>;

    /// The sum of all numbers, once the last one was sent. One that does not fit into 64 bits is a fault.
    async fn sum(&self, cx: &Context, numbers: Receiver<i64>) -> Result<i64, SumError>;
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

/// Why there is no sum.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, thiserror::Error, countersign::Fault)]
#[non_exhaustive]
pub enum SumError {
    /// The numbers are too large together.
    #[error("the sum of the first {numbers} numbers does not fit into 64 bits")]
    #[fault(code = OutOfRange)]
    Overflow {
        /// How many were added when it happened.
        numbers: u64,
    },
    /// The numbers did not all come.
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
}

/// Math, as the demo serves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Abacus;

impl Math for Abacus {
    async fn divide(&self, _: &Context, dividend: f64, divisor: f64) -> Result<f64, MathError> {
        if divisor == 0.0 { Err(MathError::DivisionByZero { dividend }) } else { Ok(dividend / divisor) }
    }

    async fn sum(&self, _: &Context, mut numbers: Receiver<i64>) -> Result<i64, SumError> {
        let (mut sum, mut count) = (0_i64, 0);
        while let Some(number) = numbers.next().await? {
            count += 1;
            sum = sum.checked_add(number).ok_or(SumError::Overflow { numbers: count })?;
        }
        Ok(sum)
    }
}
