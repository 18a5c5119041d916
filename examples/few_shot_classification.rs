//! Handwritten digits never seen in training, told apart after one or five examples of each.
//!
//! A task is a digit and some images of it; phi is the digit's mean image, theta how digits differ from each other and
//! images of one digit among themselves. Trained on five digits, tested on the five others, and the other way round. A
//! new image belongs to the digit whose examples predict it best: p(image | examples), with phi integrated out.
//! What matters is not only how often that is right, but whether it knows: are 80% of the answers given with 80% right?
//!
//! cargo run --release --example `few_shot_classification`

use hierarch::metrics::{Bin, Estimate, Reliability};
use hierarch::prelude::*;
use hierarch::{Correction, Fit, Options, Parameterisation};
use nalgebra::{DMatrix, DVector};
use plotters::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Principal components that stand for an image.
const DIM: usize = 20;
/// Digits to choose from.
const WAYS: usize = 5;
/// Images to classify a digit and episode.
const QUERIES: usize = 15;

/// The principal components of an image, as many as the model's `dim`.
pub type Image = Vec<f64>;

/// Images of one digit.
pub type Digit = Vec<Image>;

model! {
    /// Digits have means of their own, which are alike in some components and not in others.
    pub Digits(dim: usize, digits: &[Digit]) {
        centre[k in 0..dim] ~ Normal(0.0, 1.0);
        between[k in 0..dim] ~ HalfNormal(1.0);
        within[k in 0..dim] ~ HalfNormal(1.0);
        for digit in digits {
            mean[k in 0..dim] ~ Normal(centre[k], between[k]);
            for image in digit {
                for k in 0..dim {
                    image[k] ~ Normal(mean[k], within[k]);
                }
            }
        }
    }
}

model! {
    /// A digit's mean could be anything; only the variation of its images is learned.
    pub NoPooling(dim: usize, digits: &[Digit]) {
        within[k in 0..dim] ~ HalfNormal(1.0);
        for digit in digits {
            mean[k in 0..dim] ~ Normal(0.0, 10.0);
            for image in digit {
                for k in 0..dim {
                    image[k] ~ Normal(mean[k], within[k]);
                }
            }
        }
    }
}

/// What a way to classify says of each query.
#[derive(Default)]
struct Score {
    name: &'static str,
    /// Confidence in the answer, and whether it is right.
    answers: Vec<(f64, bool)>,
    /// Of each episode: share of right answers, mean log probability of the right one.
    episodes: Vec<[f64; 2]>,
}

impl Score {
    /// Adds an episode: for each query its right digit, and the log density under each digit.
    fn add(&mut self, queries: &[(usize, [f64; WAYS])]) {
        let mut sums = [0.0; 2];
        for (right, ln_density) in queries {
            let largest = ln_density.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = ln_density.iter().map(|l| (l - largest).exp()).sum();
            let is_right = ln_density[*right] >= largest;
            self.answers.push((1.0 / total, is_right));
            sums[0] += f64::from(is_right) / queries.len() as f64;
            sums[1] += (ln_density[*right] - largest - total.ln()) / queries.len() as f64;
        }
        self.episodes.push(sums);
    }

    /// Mean over episodes of a column.
    fn mean(&self, column: usize) -> Estimate {
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let episodes = if std::env::args().any(|arg| arg == "--quick") { 15 } else { 60 };
    let images = read()?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut results = [1, 5].map(|shots| {
        let names = ["hierarchical", "point estimate of phi", "no pooling"];
        (shots, names.map(|name| Score { name, ..Score::default() }))
    });
    for train in [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] {
        let [train, test] = split(&images, train);
        // many images a digit: the means are written as they are; 60 globals learned from 5 digits: no importance weights
        let options = Options {
            parameterisation: Parameterisation::Centred,
            correction: Correction::LinearResponse,
            ..Options::default()
        };
        let hierarchical = Digits::new(DIM, &train).fit_with(&options)?;
        let no_pooling = NoPooling::new(DIM, &train).fit_with(&options)?;
        let (steps, time) = (hierarchical.iterations(), hierarchical.times().climb);
        println!("{} in {steps} steps, {:.1} ms", hierarchical.verdict(), 1e3 * time.as_secs_f64());
        for (shots, scores) in &mut results {
            for _ in 0..episodes {
                episode(&test, *shots, (&hierarchical, &no_pooling), scores, &mut rng)?;
            }
        }
    }
    for (shots, scores) in &results {
        println!("\n{WAYS}-way {shots}-shot, {} queries in {} episodes", scores[0].answers.len(), 2 * episodes);
        println!("{:24} {:>14} {:>19} {:>7} {:>7}", "", "accuracy", "ln probability", "ECE", "MCE");
        for score in scores {
            let (ece, mce) = (score.ece(), score.mce());
            println!("{:24} {:14.3} {:19.3} {ece:>7.3} {mce:>7.3}", score.name, score.mean(0), score.mean(1));
        }
        println!("{:24} {:>5.3} {:>19.3}", "complete pooling: chance", 1.0 / WAYS as f64, -(WAYS as f64).ln());
    }
    draw(&results)?;

    for (_, [hierarchical, point, none]) in &results {
        assert!(hierarchical.mean(1).mean > point.mean(1).mean.max(none.mean(1).mean));
        assert!(hierarchical.ece() < 0.1);
    }
    let (_, [hierarchical, point, none]) = &results[0];
    assert!(hierarchical.ece() < 0.5 * point.ece().min(none.ece()));
    Ok(())
}

/// Shows each model a few images of every digit, and others to classify.
fn episode(
    digits: &[Digit],
    shots: usize,
    (hierarchical, no_pooling): (&Fit<Digits>, &Fit<NoPooling>),
    scores: &mut [Score; 3],
    rng: &mut ChaCha8Rng,
) -> Result<(), hierarch::Error> {
    let mut queries = Vec::new();
    let mut supports = Vec::new();
    for (right, digit) in digits.iter().enumerate() {
        let mut digit = digit.clone();
        let (shown, _) = digit.partial_shuffle(rng, shots + QUERIES);
        supports.push(shown[..shots].to_vec());
        queries.extend(shown[shots..].iter().map(|image| (right, vec![image.clone()])));
    }
    let pooled = supports.iter().map(|support| hierarchical.adapt(support)).collect::<Result<Vec<_>, _>>()?;
    let alone = supports.iter().map(|support| no_pooling.adapt(support)).collect::<Result<Vec<_>, _>>()?;
    let means: Vec<_> = pooled.iter().map(|adapted| adapted.local().mean).collect();
    let within = hierarchical.global().within;
    let at_means = |digit: usize, image: &Image| -> f64 {
        let terms = (0..within.len()).map(|k| {
            let (mean, sd) = (means[digit][k].mean, within[k].mean);
            Distribution::<f64>::ln_density(&Normal(mean, sd), image[k]).value()
        });
        terms.sum()
    };
    let score = |f: &dyn Fn(usize, &Digit) -> f64| -> Vec<_> {
        queries.iter().map(|(right, query)| (*right, std::array::from_fn(|digit| f(digit, query)))).collect()
    };
    scores[0].add(&score(&|digit, query| pooled[digit].ln_predictive(query)));
    scores[1].add(&score(&|digit, query| at_means(digit, &query[0])));
    scores[2].add(&score(&|digit, query| alone[digit].ln_predictive(query)));
    Ok(())
}

/// Images of each digit, as 64 numbers.
fn read() -> Result<Vec<Vec<DVector<f64>>>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct File {
        images: Vec<Vec<String>>,
    }
    let file: File = serde_json::from_str(include_str!("data/digits.json"))?;
    let pixels = |image: &String| DVector::from_iterator(64, image.bytes().map(|b| f64::from(b - b'a') / 16.0));
    Ok(file.images.iter().map(|digit| digit.iter().map(pixels).collect()).collect())
}

/// Training and test digits, as principal components of the training images.
fn split(images: &[Vec<DVector<f64>>], train: [usize; WAYS]) -> [Vec<Digit>; 2] {
    let rows: Vec<&DVector<f64>> = train.iter().flat_map(|&digit| &images[digit]).collect();
    let mean = rows.iter().copied().sum::<DVector<f64>>() / rows.len() as f64;
    let covariance =
        rows.iter().map(|&x| (x - &mean) * (x - &mean).transpose()).sum::<DMatrix<f64>>() / rows.len() as f64;
    let eigen = covariance.symmetric_eigen();
    let mut order: Vec<usize> = (0..64).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let project =
        |x: &DVector<f64>| order[..DIM].iter().map(|&k| eigen.eigenvectors.column(k).dot(&(x - &mean))).collect();
    let digits = |wanted: bool| {
        let digits = (0..images.len()).filter(|digit| train.contains(digit) == wanted);
        digits.map(|digit| images[digit].iter().map(project).collect()).collect()
    };
    [digits(true), digits(false)]
}

/// Reliability: how often answers are right against how sure they are.
fn draw(results: &[(usize, [Score; 3])]) -> Result<(), Box<dyn std::error::Error>> {
    let colors = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(120, 120, 120)];
    for path in figure::paths("few_shot_classification")? {
        let area = SVGBackend::new(&path, (1000, 520)).into_drawing_area();
        area.fill(&WHITE)?;
        for ((shots, scores), part) in results.iter().zip(area.split_evenly((1, results.len()))) {
            let mut chart = ChartBuilder::on(&part)
                .caption(format!("Digits never seen before, {WAYS}-way {shots}-shot"), ("sans-serif", 20))
                .margin(12)
                .margin_right(28)
                .x_label_area_size(46)
                .y_label_area_size(58)
                .build_cartesian_2d(0.2..1.0, 0.2..1.0)?;
            let percent = |x: &f64| format!("{:.0}%", 100.0 * x);
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .label_style(("sans-serif", 15))
                .x_labels(5)
                .x_desc("confidence")
                .y_desc("answers that are right")
                .x_label_formatter(&percent)
                .y_label_formatter(&percent)
                .draw()?;
            chart.draw_series(LineSeries::new([(0.2, 0.2), (1.0, 1.0)], BLACK.mix(0.4)))?;
            for (score, color) in scores.iter().zip(colors) {
                let reliability = score.reliability();
                let shown: Vec<&Bin> =
                    reliability.bins.iter().filter(|b| 100 * b.count >= score.answers.len()).collect();
                let line = shown.iter().map(|b| (b.confidence, b.accuracy));
                chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
                chart
                    .draw_series(shown.iter().map(|b| {
                        let share = b.count as f64 / score.answers.len() as f64;
                        Circle::new((b.confidence, b.accuracy), 3.0 + 14.0 * share.sqrt(), color.mix(0.7).filled())
                    }))?
                    .label(format!("{} (ECE {:.1}%)", score.name, 100.0 * score.ece()))
                    .legend(move |(x, y)| Circle::new((x + 8, y), 5, color.filled()));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.9))
                .border_style(BLACK.mix(0.2))
                .label_font(("sans-serif", 15))
                .draw()?;
        }
        area.present()?;
    }
    Ok(())
}

#[path = "shared/figure.rs"]
mod figure;
