//! A task that was not part of the fit, given one theta after another: ln p(D_new | theta), and draws of its phi.
//!
//! Where closed forms make the task Gaussian given theta, the draws of phi come in mirrored pairs that fill space evenly
//! over all of theta, so that means of what is linear in phi have no noise of phi and variances little. Otherwise the task is
//! asked as those of a fit are.

use crate::conditional::memory::TaskMemory;
use crate::conditional::{Answer, Ask, Conditionals, Guess, Inner};
use crate::density::conditional::Conditional;
use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::interpret::discover::Start;
use crate::model::level::Level;
use crate::sampling::noise::EvenNormals;
use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;

/// Thetas that are fixed at a time.
const THETAS_TOGETHER: usize = 64;

/// What a new task says of some thetas.
pub(crate) struct Answers {
    /// What the task's latents look like.
    pub(crate) level: Level,
    pub(crate) by_theta: Vec<AnswerAt>,
}

/// What a new task says of one theta.
pub(crate) struct AnswerAt {
    pub(crate) theta: Vec<f64>,
    /// Draws of phi are unconstrained and centred; none where the task is impossible.
    pub(crate) answer: Answer,
    /// p(phi | D_new, theta), where closed forms make it Gaussian.
    pub(crate) given_theta: Option<Conditional>,
}

/// A new task as the one task of a program, and where to look for its phi.
pub(crate) struct NewTask<'a> {
    pub(crate) program: &'a dyn Program,
    pub(crate) start: &'a Start,
    /// Where phi is for a task of so many coordinates, as far as is known.
    pub(crate) typical: &'a dyn Fn(usize) -> DVector<f64>,
}

impl NewTask<'_> {
    /// What the task says of each theta in turn; fastest if each is near to the one before.
    pub(crate) fn ask(&self, thetas: Vec<Vec<f64>>, inner: Inner, rng: &mut ChaCha8Rng) -> Result<Answers, Error> {
        let shape = Shape::discover(self.program, self.start).map_err(Error::of_new_task)?;
        let density = Density::new(self.program.all(), &shape, Writing::CENTRED);
        let by_theta = if density.is_gaussian_given_theta() {
            let mut noise = EvenNormals::new(density.offsets[1], rng);
            let fixed = density.fix_gaussian(&thetas);
            let mut eliminator = fixed.eliminator();
            let exact = |(s, theta): (usize, Vec<f64>)| {
                let given_theta = eliminator.eliminate(0, s).cloned();
                let answer = gaussian(given_theta.as_ref(), inner.wanted, &mut noise, rng);
                AnswerAt { theta, answer, given_theta }
            };
            thetas.into_iter().enumerate().map(exact).collect()
        } else {
            let answers = self.ask_conditionals(&density, &thetas, inner, rng);
            let at = |(theta, answer)| AnswerAt { theta, answer, given_theta: None };
            thetas.into_iter().zip(answers).map(at).collect()
        };
        Ok(Answers { level: shape.first_task, by_theta })
    }

    fn ask_conditionals(
        &self,
        density: &Density<'_>,
        thetas: &[Vec<f64>],
        inner: Inner,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Answer> {
        let n = density.offsets[1];
        let conditionals = Conditionals::new(density);
        let mut memory = TaskMemory::default();
        let (mut centre, wide) = ((self.typical)(n), DMatrix::identity(n, n));
        let mut answers = Vec::with_capacity(thetas.len());
        for some in thetas.chunks(THETAS_TOGETHER) {
            let fixed = conditionals.fix(some);
            let mut asker = fixed.asker();
            for theta in 0..some.len() {
                let guess = Guess { start: &centre, covariance: &wide };
                let answer = asker.answer(&Ask { task: 0, theta, guess, inner }, &mut memory, rng);
                let answer = answer.expect("a task that is Gaussian given theta is asked otherwise");
                if answer.ln_z == f64::NEG_INFINITY {
                    answers.push(Answer { draws: Vec::new(), weights: Vec::new(), ..answer });
                    continue;
                }
                centre.copy_from(&answer.mode);
                answers.push(answer);
            }
        }
        answers
    }
}

/// The exact answer from sufficient statistics.
fn gaussian(given: Option<&Conditional>, wanted: usize, noise: &mut EvenNormals, rng: &mut ChaCha8Rng) -> Answer {
    let Some(given) = given else {
        return Answer { ln_z: f64::NEG_INFINITY, draws: Vec::new(), mode: DVector::zeros(0), weights: Vec::new() };
    };
    let draw = |_| {
        let mut draw = Vec::with_capacity(given.mean.len());
        given.draw_into(noise.next(rng).as_mut_slice(), &mut draw);
        DVector::from_vec(draw)
    };
    let draws = (0..wanted).map(draw).collect();
    Answer { ln_z: given.ln_z(), draws, mode: DVector::from_column_slice(&given.mean), weights: Vec::new() }
}
