//! What others make of credentials and need again and again: kept with them, and gone with them.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// One value, of whatever type it is first asked for as.
#[derive(Clone, Default)]
pub(super) struct Derived(Arc<OnceLock<Arc<dyn Any + Send + Sync>>>);

impl Derived {
    /// The value that is there, or the one that `make` makes.
    pub(super) fn get<T, E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        if let Some(made) = self.0.get().and_then(|made| made.clone().downcast().ok()) {
            return Ok(made);
        }
        let made = Arc::new(make()?);
        // Whoever came first, or asked for another type, is not disturbed.
        let _ = self.0.set(made.clone());
        Ok(made)
    }
}

impl fmt::Debug for Derived {
    /// Says nothing of what it is, which may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_all_clones() {
        let derived = Derived::default();
        let first = derived.get(|| Ok::<_, ()>("made".to_owned())).unwrap();
        let again = derived.clone().get(|| -> Result<String, ()> { panic!("it is there") }).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(derived.get(|| Ok::<_, ()>(7)).map(|other| *other), Ok(7));
    }

    #[test]
    fn what_could_not_be_made_is_tried_again() {
        let derived = Derived::default();
        assert_eq!(derived.get(|| Err::<(), _>("not yet")), Err("not yet"));
        assert!(derived.get(|| Ok::<_, ()>(())).is_ok());
    }
}
