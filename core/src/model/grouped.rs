//! From a long table of rows to tasks with labels.

use crate::model::tasks::Tasks;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::ops::Deref;

/// The rows of one group, under its label; a slice of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<K, R> {
    /// What the rows have in common.
    pub label: K,
    /// In the order of the table.
    pub rows: Vec<R>,
}

impl<K, R> Deref for Group<K, R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        &self.rows
    }
}

impl<'a, K, R> IntoIterator for &'a Group<K, R> {
    type Item = &'a R;
    type IntoIter = std::slice::Iter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

/// Groups of rows, each with a label, in order of first appearance; a slice of them, and a list of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups<K, R>(Vec<Group<K, R>>);

impl<K, R> Deref for Groups<K, R> {
    type Target = [Group<K, R>];

    fn deref(&self) -> &[Group<K, R>] {
        &self.0
    }
}

impl<K, R> Groups<K, R> {
    /// The rows of every group grouped again: a list of tasks for a plate with nested plates.
    ///
    /// ```
    /// use hierarch::tasks::grouped;
    ///
    /// let rows = [("Camden", "Hill", 4.0), ("Camden", "Park", 5.0), ("Brent", "Hill", 3.0), ("Camden", "Hill", 6.0)];
    /// let areas = grouped(rows, |row| row.0).nested(|rows| grouped(rows, |row| row.1));
    /// let [camden, brent] = &areas[..] else { panic!("two areas") };
    /// assert_eq!(camden.iter().map(|school| (school.label, school.len())).collect::<Vec<_>>(), [("Hill", 2), ("Park", 1)]);
    /// assert_eq!(brent.len(), 1);
    /// ```
    pub fn nested<L, S>(self, regroup: impl Fn(Vec<R>) -> Groups<L, S>) -> Groups<K, Group<L, S>> {
        let nested = |Group { label, rows }: Group<K, R>| Group { label, rows: regroup(rows).0 };
        Groups(self.0.into_iter().map(nested).collect())
    }
}

impl<'a, K, R> IntoIterator for &'a Groups<K, R> {
    type Item = &'a Group<K, R>;
    type IntoIter = std::slice::Iter<'a, Group<K, R>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<K: Display, R> Tasks for Groups<K, R> {
    type Task = Group<K, R>;

    fn num_tasks(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn task(&self, i: usize) -> &Group<K, R> {
        &self.0[i]
    }

    fn label(&self, i: usize) -> Option<String> {
        Some(self.0[i].label.to_string())
    }
}

/// The rows of a long table by what they have in common, in order of first appearance: tasks that keep their names, which tables
/// and exports of a fit say, and [`Fit::local_of`](crate::Fit::local_of) finds.
///
/// Rows may be owned or borrowed, and the rows of a group may be grouped again, by [`Groups::nested`].
///
/// ```
/// use hierarch::prelude::*;
/// use hierarch::tasks::{Groups, grouped};
///
/// struct Night {
///     subject: u32,
///     days: f64,
///     reaction: f64,
/// }
///
/// model! {
///     /// Reaction times after nights without sleep.
///     Sleep(subjects: Groups<u32, Night>) {
///         level ~ Normal(250.0, 100.0);
///         spread ~ HalfNormal(50.0);
///         slope ~ Normal(0.0, 20.0);
///         noise ~ HalfNormal(50.0);
///         for subject in subjects {
///             own ~ Normal(level, spread);
///             for night in subject {
///                 night.reaction ~ Normal(own + slope * night.days, noise);
///             }
///         }
///     }
/// }
///
/// let night = |subject, days, reaction| Night { subject, days, reaction };
/// let table = [night(308, 0.0, 249.6), night(309, 0.0, 222.7), night(308, 1.0, 258.7), night(309, 1.0, 205.3)];
/// let fit = Sleep::new(grouped(table, |night| night.subject)).fit()?;
/// assert!(fit.local_of("308").expect("a subject").own.mean > fit.local_of("309").expect("another").own.mean);
/// assert!(fit.local_of("310").is_none());
/// # Ok::<(), hierarch::Error>(())
/// ```
#[doc(alias("group_by", "csv", "table", "data frame", "labels"))]
pub fn grouped<R, K: Eq + Hash + Clone>(rows: impl IntoIterator<Item = R>, key: impl Fn(&R) -> K) -> Groups<K, R> {
    let (mut groups, mut places) = (Vec::new(), HashMap::new());
    for row in rows {
        let label = key(&row);
        let place = *places.entry(label.clone()).or_insert_with(|| {
            groups.push(Group { label, rows: Vec::new() });
            groups.len() - 1
        });
        groups[place].rows.push(row);
    }
    Groups(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [(&str, u8, f64); 5] = [("b", 1, 1.0), ("a", 1, 2.0), ("b", 2, 3.0), ("b", 1, 4.0), ("a", 2, 5.0)];

    #[test]
    fn groups_come_in_order_of_first_appearance_with_all_their_rows() {
        let groups = grouped(TABLE, |row| row.0);
        let found: Vec<(&str, Vec<f64>)> =
            groups.iter().map(|group| (group.label, group.iter().map(|row| row.2).collect())).collect();
        assert_eq!(found, [("b", vec![1.0, 3.0, 4.0]), ("a", vec![2.0, 5.0])]);
        assert_eq!((groups.num_tasks(), groups.label(1)), (2, Some("a".to_owned())));
        assert_eq!(Tasks::label(&&groups, 0), Some("b".to_owned()));
        assert!(grouped(std::iter::empty::<u8>(), |row| *row).is_empty());
    }

    #[test]
    fn groups_nest_to_any_depth() {
        let by_name = |rows| grouped(rows, |row: &(&str, u8, f64)| row.0);
        let nested =
            grouped(TABLE, |row| row.1).nested(|rows| by_name(rows).nested(|rows| grouped(rows, |row| row.2 > 2.5)));
        let of_one =
            nested[0].iter().map(|group| (group.label, group.iter().map(|g| (g.label, g.len())).collect::<Vec<_>>()));
        assert_eq!(of_one.collect::<Vec<_>>(), [("b", vec![(false, 1), (true, 1)]), ("a", vec![(false, 1)])]);
        assert_eq!(nested.label(1), Some("2".to_owned()));
    }

    #[test]
    fn rows_may_be_borrowed_and_grouped_again() {
        let owned: Vec<(String, u8)> = TABLE.iter().map(|row| (row.0.to_owned(), row.1)).collect();
        let groups = grouped(&owned, |row| &row.0);
        let again = grouped(groups[0].iter().copied(), |row| row.1);
        assert_eq!(again.iter().map(|group| (group.label, group.len())).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
    }
}
