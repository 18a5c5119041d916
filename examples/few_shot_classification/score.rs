//! How good answers are, how sure they are, and whether they know.

use crate::figure;
use hierarch::assess::metrics::Estimate;
use hierarch::assess::reliability::Reliability;
use hierarch::plots;
use std::error::Error;

/// Probabilities of each digit, and which it is.
pub(crate) type Answer = (Vec<f64>, usize);

/// What a way to classify says of each query.
#[derive(Default)]
pub(crate) struct Score {
    name: &'static str,
    /// Confidence in the answer, and whether it is right.
    answers: Vec<(f64, bool)>,
    /// Of each episode: share of right answers, mean log probability of the right one.
    episodes: Vec<[f64; 2]>,
}

impl Score {
    pub(crate) fn add(&mut self, answers: &[Answer]) {
        let mut sums = [0.0; 2];
        for (probabilities, digit) in answers {
            let confidence = probabilities.iter().copied().fold(0.0, f64::max);
            let is_right = probabilities.iter().position(|&p| p >= confidence) == Some(*digit);
            self.answers.push((confidence.min(1.0), is_right));
            sums[0] += f64::from(is_right) / answers.len() as f64;
            sums[1] += probabilities[*digit].max(f64::MIN_POSITIVE).ln() / answers.len() as f64;
        }
        self.episodes.push(sums);
    }

    /// By how much its log probabilities are larger than those of another on the same episodes.
    fn gain(&self, other: &Self) -> Estimate {
        Estimate::of(&self.episodes.iter().zip(&other.episodes).map(|(a, b)| a[1] - b[1]).collect::<Vec<_>>())
    }

    /// Mean over episodes of a column.
    pub(crate) fn mean(&self, column: usize) -> Estimate {
        Estimate::of(&self.episodes.iter().map(|e| e[column]).collect::<Vec<_>>())
    }

    fn reliability(&self) -> Reliability {
        let (confidence, correct): (Vec<_>, Vec<_>) = self.answers.iter().copied().unzip();
        Reliability::new(&confidence, &correct, 10)
    }

    /// Maximum calibration error in ten bins of as many answers each.
    fn mce(&self) -> f64 {
        let (confidence, correct): (Vec<_>, Vec<_>) = self.answers.iter().copied().unzip();
        Reliability::equal_mass(&confidence, &correct, 10).maximum_error()
    }

    /// Expected calibration error.
    fn ece(&self) -> f64 {
        self.reliability().expected_error()
    }
}

/// The scores of four ways to classify after some examples of each digit.
pub(crate) struct Results {
    pub(crate) shots: usize,
    pub(crate) scores: [Score; 4],
}

impl Results {
    /// No answers yet.
    pub(crate) fn of(shots: usize) -> Self {
        let names = ["hierarchical", "point estimate of phi", "a weight of 1", "Gaussian images"];
        Self { shots, scores: names.map(|name| Score { name, ..Score::default() }) }
    }

    /// Prints a row a way to classify.
    pub(crate) fn print(&self, episodes: u64) {
        let Self { shots, scores } = self;
        println!("\n5-way {shots}-shot, {} queries in {episodes} episodes", scores[0].answers.len());
        println!("{:24} {:>14} {:>19} {:>7} {:>7}", "", "accuracy", "ln probability", "ECE", "MCE");
        for score in scores {
            let (ece, mce) = (score.ece(), score.mce());
            println!("{:24} {:14.3} {:19.3} {ece:>7.3} {mce:>7.3}", score.name, score.mean(0), score.mean(1));
        }
        println!("{:24} {:>5.3} {:>19.3}", "chance", 0.2, 0.2_f64.ln());
    }

    /// Asserts that the hierarchical model's calibration error is below the bound, that of models without a learned
    /// weight is not, and that their log probabilities are lower.
    pub(crate) fn check(&self, bound: f64) {
        let Self { shots, scores: [hierarchical, _, one, images] } = self;
        assert!(hierarchical.ece() < bound, "expected calibration error {}", hierarchical.ece());
        for other in [one, images] {
            assert!(other.ece() > bound, "{shots} shots, {}: that bound is no feat", other.name);
            let gain = hierarchical.gain(other);
            assert!(gain.mean > 2.0 * gain.std_error, "{shots} shots, over {}: {gain}", other.name);
        }
    }
}

/// Draws how often answers are right against how sure they are, for each number of examples.
pub(crate) fn draw(results: &[Results]) -> Result<(), Box<dyn Error>> {
    for Results { shots, scores } in results {
        let diagrams = scores.each_ref().map(Score::reliability);
        let named: Vec<_> = scores.iter().map(|score| score.name).zip(&diagrams).collect();
        let title = format!("Digits never seen before, 5-way {shots}-shot");
        figure::save(&format!("few_shot_classification_{shots}"), &plots::reliability(&title, &named)?)?;
    }
    Ok(())
}
