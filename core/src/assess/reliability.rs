//! Whether probabilities given to classes come true as often as they say.

/// Predictions of one bin of confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many predictions fell into it.
    pub count: usize,
    /// Their mean confidence; 0 if there are none.
    pub confidence: f64,
    /// The fraction of them that came true; 0 if there are none.
    pub accuracy: f64,
}

impl Bin {
    /// Adds a prediction to the sums, which are means once divided by the count.
    fn add(&mut self, confidence: f64, correct: bool) {
        self.count += 1;
        self.confidence += confidence;
        self.accuracy += f64::from(correct);
    }

    fn gap(&self) -> f64 {
        (self.accuracy - self.confidence).abs()
    }
}

/// A reliability diagram: predictions by confidence, in bins.
///
/// ```
/// use hierarch::assess::reliability::Reliability;
/// let (confidence, correct) = ([0.2, 0.9, 0.9, 0.9, 0.9, 0.9], [true, true, true, true, true, false]);
/// // one prediction alone in its bin decides the maximum over bins of equal width
/// let error = Reliability::new(&confidence, &correct, 10).maximum_error();
/// assert!((error - 0.8).abs() < 1e-12);
/// // 3 predictions a bin: (0.2, 0.9, 0.9) on average, 3 of 3 correct, and the rest, 2 of 3
/// let error = Reliability::equal_mass(&confidence, &correct, 2).maximum_error();
/// assert!(error < 0.34);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// In ascending order of confidence.
    pub bins: Vec<Bin>,
}

impl Reliability {
    /// Bins of equal width (Guo et al. 2017): bin k holds confidences in (k / n, (k + 1) / n], bin 0 holds 0 as well.
    ///
    /// `confidence` is the probability given to the predicted class, `correct` whether it was the class.
    ///
    /// # Panics
    /// If the two differ in length, if a confidence is not in [0, 1], or without bins.
    pub fn new(confidence: &[f64], correct: &[bool], num_bins: usize) -> Self {
        check_predictions(confidence, correct, num_bins);
        let mut bins = vec![Bin::default(); num_bins];
        for (&confidence, &correct) in confidence.iter().zip(correct) {
            bins[bin_of(confidence, num_bins)].add(confidence, correct);
        }
        Self::of_sums(bins)
    }

    /// Bins of equal mass (Nguyen & O'Connor 2015; Nixon et al. 2019): by rank of confidence, as many predictions in
    /// each, up to one. No bin is then decided by a few predictions, which is what makes
    /// [`maximum_error`](Self::maximum_error) mean something. Equal confidences take the order they are given in; with
    /// fewer predictions than bins, each has a bin of its own.
    ///
    /// # Panics
    /// If the two differ in length, if a confidence is not in [0, 1], or without bins.
    pub fn equal_mass(confidence: &[f64], correct: &[bool], num_bins: usize) -> Self {
        check_predictions(confidence, correct, num_bins);
        let n = confidence.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| confidence[a].total_cmp(&confidence[b]));
        let mut bins = vec![Bin::default(); num_bins.min(n)];
        for (rank, i) in order.into_iter().enumerate() {
            let bin = rank * bins.len() / n;
            bins[bin].add(confidence[i], correct[i]);
        }
        Self::of_sums(bins)
    }

    fn of_sums(mut bins: Vec<Bin>) -> Self {
        for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
            bin.confidence /= bin.count as f64;
            bin.accuracy /= bin.count as f64;
        }
        Self { bins }
    }

    /// Expected calibration error: the gap between accuracy and confidence, averaged over predictions; NaN of none.
    pub fn expected_error(&self) -> f64 {
        let count: usize = self.bins.iter().map(|bin| bin.count).sum();
        self.bins.iter().map(|bin| bin.count as f64 * bin.gap()).sum::<f64>() / count as f64
    }

    /// Maximum calibration error (Guo et al. 2017): the largest gap of a bin, however few predictions it holds.
    ///
    /// In bins of equal width the emptiest one tends to decide it: with c predictions a gap is noisy by up to
    /// 0.5 / sqrt(c). Take [`equal_mass`](Self::equal_mass) bins, or [`maximum_error_above`](Self::maximum_error_above).
    pub fn maximum_error(&self) -> f64 {
        self.maximum_error_above(1)
    }

    /// The largest gap of a bin that holds at least `min_count` predictions; 0 if none does.
    pub fn maximum_error_above(&self, min_count: usize) -> f64 {
        self.bins.iter().filter(|bin| bin.count >= min_count).map(Bin::gap).fold(0.0, f64::max)
    }
}

fn check_predictions(confidence: &[f64], correct: &[bool], num_bins: usize) {
    assert_eq!(confidence.len(), correct.len(), "one outcome for each confidence");
    assert!(num_bins > 0, "at least one bin");
    if let Some(wrong) = confidence.iter().find(|c| !(0.0..=1.0).contains(*c)) {
        panic!("{wrong} is not a probability");
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability times a small number")]
fn bin_of(confidence: f64, num_bins: usize) -> usize {
    ((confidence * num_bins as f64).ceil() as usize).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn reliability_of_a_classification() {
        let confidence = [0.0, 0.5, 0.6, 0.9, 1.0, 1.0];
        let correct = [false, true, false, true, true, false];
        let diagram = Reliability::new(&confidence, &correct, 2);
        assert_eq!([2, 4], [diagram.bins[0].count, diagram.bins[1].count]);
        close(diagram.bins[0].confidence, 0.25);
        close(diagram.bins[0].accuracy, 0.5);
        close(diagram.bins[1].confidence, 0.875);
        close(diagram.bins[1].accuracy, 0.5);
        close(diagram.expected_error(), (2.0 * 0.25 + 4.0 * 0.375) / 6.0);
        close(diagram.maximum_error(), 0.375);
        assert_eq!(Reliability::new(&[0.95], &[true], 10).bins[0], Bin::default());
    }

    #[test]
    fn bins_of_equal_mass() {
        let confidence = [0.9, 0.5, 1.0, 0.6, 0.7, 0.8, 0.95];
        let correct = [true, false, true, true, false, true, false];
        let diagram = Reliability::equal_mass(&confidence, &correct, 3);
        // ranks 0, 1, 2 | 3, 4 | 5, 6
        assert_eq!([3, 2, 2], [0, 1, 2].map(|k| diagram.bins[k].count));
        close(diagram.bins[0].confidence, 0.6);
        close(diagram.bins[0].accuracy, 1.0 / 3.0);
        close(diagram.bins[1].confidence, 0.85);
        close(diagram.bins[2].accuracy, 0.5);
        close(diagram.expected_error(), (3.0 * (0.6 - 1.0 / 3.0) + 2.0 * 0.15 + 2.0 * 0.475) / 7.0);
        close(diagram.maximum_error(), 0.475);
        close(diagram.maximum_error_above(3), 0.6 - 1.0 / 3.0);
        close(diagram.maximum_error_above(4), 0.0);
        assert_eq!(Reliability::equal_mass(&[0.3, 0.1], &[true, false], 9).bins.len(), 2);
        assert!(Reliability::equal_mass(&[], &[], 3).bins.is_empty());
    }

    /// A calibrated forecaster whose confidences crowd near 1: the emptiest bin of equal width decides the plain
    /// maximum, equal masses bring it down to the noise of their count.
    #[test]
    fn the_maximum_error_of_a_calibrated_forecaster() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let confidence: Vec<f64> = (0..2000).map(|_| rng.random::<f64>().powf(0.15)).collect();
        let correct: Vec<bool> = confidence.iter().map(|&c| rng.random::<f64>() < c).collect();
        let plain = Reliability::new(&confidence, &correct, 10);
        let equal = Reliability::equal_mass(&confidence, &correct, 10);
        let fewest = plain.bins.iter().filter(|bin| bin.count > 0).map(|bin| bin.count).min();
        assert!(fewest < Some(10) && plain.maximum_error() > 0.2, "{plain:?}");
        // 4 standard errors of a bin of 200: fails for 1 in 1500 seeds
        let noise = equal.bins.iter().map(|b| (b.confidence * (1.0 - b.confidence) / 200.0).sqrt()).fold(0.0, f64::max);
        assert!(equal.maximum_error() < 4.0 * noise && equal.maximum_error() < 0.1, "{equal:?}");
    }
}
