//! Working space for densities of vectors, kept by each thread: nothing is allocated once it is large enough.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// One `Vec<T>` for each type `T` in use, a handful.
    static SPACES: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Up to that many plain numbers stand on the stack.
const FEW: usize = 16;

/// Calls `work` with `len` values `T::default()`. There is one call of it, so that it is compiled once.
#[inline(always)]
pub(crate) fn with_scratch<T: Copy + Default + 'static, Out>(len: usize, work: impl FnOnce(&mut [T]) -> Out) -> Out {
    let is_few = len <= FEW && size_of::<T>() <= size_of::<f64>();
    let mut few = is_few.then(|| [T::default(); FEW]);
    // Taken out while in use, so that `work` may ask for scratch too.
    let mut many = if is_few { Vec::new() } else { take::<T>() };
    let space = if let Some(few) = &mut few {
        &mut few[..len]
    } else {
        many.clear();
        many.resize(len, T::default());
        &mut many[..]
    };
    let out = work(space);
    if !is_few {
        give_back(many);
    }
    out
}

fn take<T: 'static>() -> Vec<T> {
    SPACES.with_borrow_mut(|spaces| {
        spaces.iter_mut().find_map(|space| space.downcast_mut::<Vec<T>>()).map(std::mem::take).unwrap_or_default()
    })
}

fn give_back<T: 'static>(used: Vec<T>) {
    SPACES.with_borrow_mut(|spaces| match spaces.iter_mut().find_map(|space| space.downcast_mut::<Vec<T>>()) {
        Some(space) => *space = used,
        None => spaces.push(Box::new(used)),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_clean_nests_and_keeps_its_space() {
        let at = with_scratch(40, |outer: &mut [f64]| {
            outer.fill(1.0);
            with_scratch(20, |inner: &mut [f64]| inner.fill(2.0));
            assert_eq!(outer, [1.0; 40]);
            outer.as_ptr()
        });
        with_scratch(30, |again: &mut [f64]| {
            assert_eq!(again, [0.0; 30]);
            assert_eq!(again.as_ptr(), at);
        });
    }
}
