//! The posterior of theta given the tasks of all shards: a search for its mode, and rounds of weighted draws from there.

use crate::adapt::asking::Asking;
use crate::correct::effort::Effort;
use crate::correct::pool::Pool;
use crate::correct::precision::Drawn;
use crate::correct::reweighting::{Basis, Reweighting};
use crate::correct::rounds::{over_thetas, refined};
use crate::correct::search::peak;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::fit::imprecise::Naming;
use crate::fit::{Evidence, Trust};
use crate::posterior::draws::WeightedDraws;
use crate::progress::Progress;
use crate::shards::ShardSum;
use crate::shards::shard_sum::agree;
use crate::shards::source::{Counted, Pilot, ShardPrograms, Source};
use crate::shards::streamed::Streamed;

/// What all tasks say of theta.
pub(super) struct Found {
    /// Of theta alone.
    pub(super) draws: WeightedDraws,
    pub(super) evidence: Evidence,
    pub(super) trust: Trust,
    pub(super) counted: Counted,
}

/// From the pilot on.
pub(super) fn found(asking: &Asking<'_>, shards: &dyn ShardPrograms, sum: &dyn ShardSum) -> Result<Found, Error> {
    let solution = asking.solution;
    let basis =
        Basis { guide: &solution.climbed.guide, gaussian: &solution.gaussian, modes_at_mean: &[], other_modes: &[] };
    if basis.is_fixed() {
        return Err(Error::Unusable("shards tell of a theta that is drawn, not of a point or of none: fit the pilot with `GlobalFactor::MeanField`".to_owned()));
    }
    let globals = basis.guide.global.len();
    let singular = || Error::Unusable("the pilot's theta has a singular covariance: take more tasks for it".to_owned());
    let first = basis.proposal_of(&(0..globals).collect::<Vec<_>>()).ok_or_else(singular)?;
    let wide = &first.heavy.wide;
    agree(sum, &[wide.mean.as_slice(), wide.root.as_slice()].concat())?;

    let outside = Density::new(asking.program.all(), &solution.shape, Writing::CENTRED);
    let pilot = Pilot { outside: &outside, start: &solution.start, typical: &|n| asking.typical(n) };
    let progress = Progress::new(&solution.options);
    let source = Source { shards, sum, pilot, progress: &progress };
    let counted = source.counted()?;
    let effort = Effort::of_tasks(&solution.options, counted.num_tasks(), 0).expect("little is kept of a draw");
    // chains look at few thetas at a time, and would read all shards for each few
    let effort = Effort { budget: None, walks: false, ..effort };
    let mut streamed = Streamed::new(&source, &counted, effort);
    let first = peak(&first, Pool::new(globals, 0), &mut streamed).unwrap_or(first);
    let weighed = refined(vec![first], effort, &mut streamed, Pool::new(globals, 0));
    streamed.error.map_or(Ok(()), Err)?;
    let corrected = weighed.map(over_thetas).filter(|c| !c.is_useless).ok_or_else(failed)?;
    let precision = Drawn::of(&corrected.posterior).precision(&outside);
    let corrected = Reweighting { precision, ..corrected };
    let naming = Naming { program: asking.program, globals: &solution.shape.global };
    Ok(Found {
        evidence: Evidence::of(&corrected),
        trust: Trust::of_shards(&corrected, &streamed.noise, &naming),
        draws: corrected.posterior,
        counted,
    })
}

fn failed() -> Error {
    Error::Unusable(
        "next to no draw of theta counts given all shards: a pilot of more tasks, or of others, may find where it is"
            .to_owned(),
    )
}
