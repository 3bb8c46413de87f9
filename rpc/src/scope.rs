//! Which call is being answered at this moment: the calls made for it inherit its deadline and its end.

use std::cell::Cell;

use crate::context::Context;

thread_local! {
    static CURRENT: Cell<Option<Context>> = const { Cell::new(None) };
}

/// The call that is being answered where we are.
pub(crate) fn current() -> Option<Context> {
    let current = CURRENT.take();
    CURRENT.set(current.clone());
    current
}

/// Runs `work` as part of the call of `cx`, and gives that back. One poll of a future lasts no longer than this.
pub(crate) fn within<T>(cx: Context, work: impl FnOnce() -> T) -> (Context, T) {
    let mut scope = Scope(Some(CURRENT.replace(Some(cx))));
    let done = work();
    (scope.leave().expect("scopes end in the reverse of the order in which they began"), done)
}

/// Puts back what was current before, also when the work panics.
struct Scope(Option<Option<Context>>);

impl Scope {
    fn leave(&mut self) -> Option<Context> {
        CURRENT.replace(self.0.take()?)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_scope_ends_with_its_work_however_that_ends() {
        let cx = Context::of_a_test();
        assert!(current().is_none());
        assert!(within(cx.clone(), || current().is_some()).1);
        let panicked = catch_unwind(AssertUnwindSafe(|| within(cx, || panic!("on purpose"))));
        assert!(panicked.is_err() && current().is_none());
    }
}
