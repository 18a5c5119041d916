//! What is said of each entry of a chain given its states.

/// K numbers an entry, sums over what depends on it.
#[derive(Debug)]
pub(crate) struct EntryTable<T> {
    /// K.
    pub(crate) states: usize,
    pub(crate) numbers: Vec<T>,
}

impl<T: Copy + std::ops::AddAssign> EntryTable<T> {
    pub(crate) const fn new() -> Self {
        Self { states: 0, numbers: Vec::new() }
    }

    /// A chain of so many entries and states begins, of which nothing is said yet.
    #[inline(always)]
    pub(crate) fn begin(&mut self, len: usize, states: usize, zero: T) {
        self.states = states;
        self.numbers.clear();
        self.numbers.resize(len * states, zero);
    }

    /// Adds to the entry t, if there is one, given a state.
    #[inline(always)]
    pub(crate) fn add(&mut self, t: usize, state: usize, ln_density: T) {
        if let Some(entry) = self.numbers.get_mut(t * self.states + state) {
            *entry += ln_density;
        }
    }
}
