//! How much of an importance correction is worth its cost.

use crate::correct::round::Effort;
use crate::correct::rounds::MOST_PREPARING;
use crate::density::Density;
use crate::density::shape::Shape;
use crate::options::{Correction, Options};

/// Most proposals of phi a draw of theta at first.
const MOST_INNER: usize = 64;
/// Most proposals of phi a draw of theta where a task's estimates remain noisy, if the budget allows.
const MOST_GROWN: usize = 1024;
/// So many times the draws asked for may be taken where few of them count.
const MOST_TIMES: usize = 10;
/// Draws of theta at least: fewer have no tail that k-hat could judge.
const FEWEST_DRAWS: usize = 100;

/// How much importance correction is affordable; `None` for none.
pub(crate) fn effort(density: &Density<'_>, shape: &Shape, options: &Options) -> Option<Effort> {
    let cost = Cost::of(density, shape);
    // those that prepare the last round take a quarter each
    let affordable = options.correction_budget / (cost.of_theta() + cost.of_theta() * MOST_PREPARING / 4);
    let wanted = options.posterior_draws.max(FEWEST_DRAWS);
    let draws = if options.correction == Correction::Importance { wanted } else { wanted.min(affordable) };
    let most_draws = affordable.clamp(draws, MOST_TIMES * wanted);
    let is_worth_it = draws >= (wanted / 4).max(FEWEST_DRAWS);
    let budget_of_theta = options.correction_budget / (draws + draws * MOST_PREPARING / 4).max(1);
    let mut most_grown = MOST_GROWN;
    while most_grown > MOST_INNER && cost.own + cost.hard_proposal * most_grown > budget_of_theta {
        most_grown /= 2;
    }
    is_worth_it.then_some(Effort { draws, most_draws, most_inner: MOST_INNER, most_grown, seed: options.seed })
}

/// What a draw of theta costs, in evaluations of the log density of one datum or latent.
struct Cost {
    /// Whatever the number of proposals.
    own: usize,
    /// Each proposal of every task's phi; 0 where none is needed.
    proposal: usize,
    /// Each proposal of every task's phi where it has to be weighed against several components.
    hard_proposal: usize,
    /// How many of them it takes, as a rule.
    proposals: usize,
}

impl Cost {
    /// With n latents a task: tasks Gaussian given theta take an elimination each, whatever their data; others 2^(n + 2)
    /// proposals and derivatives by two coordinates at a time, each over all data.
    fn of(density: &Density<'_>, shape: &Shape) -> Self {
        const OVERHEAD: usize = 50;
        let (tasks, locals) = (shape.num_tasks(), shape.num_locals());
        let n = locals.div_ceil(tasks.max(1));
        let globals = shape.global.num_coordinates();
        // a wide theta costs a product with the root of its covariance
        let own = 1 + globals * (globals / 8) + tasks * (OVERHEAD + n * n * n);
        if density.is_gaussian_given_theta() {
            return Self { own, proposal: 0, hard_proposal: 0, proposals: 0 };
        }
        let proposal = locals + shape.num_observations;
        let proposals = 4_usize.saturating_mul(1 << n.min(8)).min(MOST_INNER);
        let hard_proposal = proposal + tasks * OVERHEAD;
        Self { own: own + proposal * (1 + n * (n + 3) / 2), proposal, hard_proposal, proposals }
    }

    fn of_theta(&self) -> usize {
        self.own + self.proposal * self.proposals
    }
}
