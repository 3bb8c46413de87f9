//! Which call is being answered at this moment: the calls made for it inherit its deadline and its end.

use std::cell::RefCell;

use crate::context::Context;

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// The call that is being answered where we are.
pub(crate) fn current() -> Option<Context> {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs `work` as part of the call of `cx`. One poll of a future lasts no longer than this.
pub(crate) fn within<T>(cx: &Context, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(CURRENT.replace(Some(cx.clone())));
    work()
}

/// Puts back what was current before, also when the work panics.
struct Restore(Option<Context>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
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
        assert!(within(&cx, || current().is_some()));
        let panicked = catch_unwind(AssertUnwindSafe(|| within(&cx, || panic!("on purpose"))));
        assert!(panicked.is_err() && current().is_none());
    }
}
