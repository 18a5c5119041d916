//! Shards as they are read: a pass visits every shard once, and adds up what its tasks say.

use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::progress::Progress;
use crate::shards::{ExactSum, ShardSum};
use nalgebra::DVector;
use std::ops::Range;

/// Shards of tasks whose types are erased.
pub(super) trait ShardPrograms: Sync {
    fn num_shards(&self) -> usize;

    /// Reads a shard, and shows it as the tasks of a program.
    fn visit(&self, number: usize, look: &mut dyn FnMut(&dyn Program) -> Result<(), Error>) -> Result<(), Error>;
}

/// What a fit of some of the tasks knows.
pub(super) struct Pilot<'a> {
    /// What is outside the plate.
    pub(super) outside: &'a Density<'a>,
    pub(super) start: &'a Start,
    /// Where phi is for a task of so many coordinates, as far as is known.
    pub(super) typical: &'a (dyn Fn(usize) -> DVector<f64> + Sync),
}

/// Shards, and who reads them.
pub(super) struct Source<'a> {
    pub(super) shards: &'a dyn ShardPrograms,
    pub(super) sum: &'a dyn ShardSum,
    pub(super) pilot: Pilot<'a>,
    pub(super) progress: &'a Progress,
}

/// What the first pass finds.
pub(super) struct Counted {
    /// By shard, the number of its first task; and how many there are at the end.
    pub(super) firsts: Vec<usize>,
    /// Whether every task of all shards is Gaussian given theta, by its closed forms.
    pub(super) is_gaussian: bool,
}

impl Counted {
    pub(super) fn num_tasks(&self) -> usize {
        self.firsts[self.firsts.len() - 1]
    }

    /// Fails unless there are as many shards as at first.
    pub(super) fn same_number(&self, now: usize) -> Result<(), Error> {
        let then = self.firsts.len() - 1;
        let changed = || Error::Unusable(format!("there are {now} shards, and the fit has read {then}"));
        if now == then { Ok(()) } else { Err(changed()) }
    }

    /// The numbers of a shard's tasks, of which there must be as many as at first.
    pub(super) fn same_length(&self, shard: usize, now: usize) -> Result<Range<usize>, Error> {
        let then = self.firsts[shard]..self.firsts[shard + 1];
        let changed = || Error::Unusable(format!("{now} tasks, but {} when it was first read", then.len()));
        if now == then.len() { Ok(then) } else { Err(changed()) }
    }
}

impl Source<'_> {
    /// Reads all shards, checks their data, and counts their tasks.
    pub(super) fn counted(&self) -> Result<Counted, Error> {
        let shards = self.shards.num_shards();
        let counts = self.pass(shards + 1, |number, program| {
            let mut counts = vec![ExactSum::default(); shards + 1];
            counts[number].add(program.num_tasks() as f64);
            let is_gaussian = self.density(program)?.is_none_or(|density| density.is_gaussian_given_theta());
            counts[shards].add(if is_gaussian { 0.0 } else { 1.0 });
            Ok(counts)
        })?;
        let mut firsts = vec![0];
        for count in &counts[..shards] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count that was a `usize`")]
            firsts.push(firsts[firsts.len() - 1] + count.value() as usize);
        }
        let counted = Counted { firsts, is_gaussian: counts[shards].value() == 0.0 };
        if counted.num_tasks() > 0 { Ok(counted) } else { Err(Error::NoTasks) }
    }

    /// Sums over the shards of all processes, so many, of what the tasks of each say.
    pub(super) fn pass(
        &self,
        sums: usize,
        say: impl Fn(usize, &dyn Program) -> Result<Vec<ExactSum>, Error>,
    ) -> Result<Vec<ExactSum>, Error> {
        let own: Vec<usize> = (0..self.shards.num_shards()).filter(|number| self.sum.reads(*number)).collect();
        self.progress.stage("reading shards", own.len());
        let mut total = vec![ExactSum::default(); sums];
        let read = own.iter().enumerate().try_for_each(|(done, &number)| {
            self.progress.counted(done, "shards");
            let visited = self.shards.visit(number, &mut |program| {
                total.iter_mut().zip(say(number, program)?).for_each(|(sum, more)| sum.merge(more));
                Ok(())
            });
            visited.map_err(|error| error.in_shard(number, None))
        });
        self.sum.total(read.map(|()| total))
    }

    /// The density of a shard's tasks, if there are any.
    pub(super) fn density<'p>(&self, program: &'p dyn Program) -> Result<Option<Density<'p>>, Error> {
        if program.num_tasks() == 0 {
            return Ok(None);
        }
        let shape = Shape::discover(program, self.pilot.start)?;
        Ok(Some(Density::new(program.all(), &shape, Writing::CENTRED)))
    }
}
