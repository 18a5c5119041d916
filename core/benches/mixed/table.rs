//! A row in Markdown.

use crate::score::Score;

pub(crate) const HEAD: &str = "\
|  | sets | fixed | scales | correlations | effects | all | r | 50% | 80% | 90% | 95% | log loss | of the truth | median s | mean s | reliable | doubtful | not converged |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

pub(crate) fn row(name: &str, score: &Score) -> String {
    let mut cells = vec![name.to_owned(), score.sets.to_string()];
    let three = |number: f64| if number.is_finite() { format!("{number:.3}") } else { "-".to_owned() };
    cells.extend(score.errors.map(three));
    cells.extend([score.error_of_all(), score.correlation_of_all()].map(three));
    cells.extend(score.coverage.map(|(off, error)| format!("{:+.1} +- {:.1}", 100.0 * off, 100.0 * error)));
    cells.extend(score.log_loss.map(three));
    cells.extend([score.median_seconds, score.mean_seconds].map(three));
    cells.extend([score.reliable, score.doubtful, score.not_converged].map(|count| count.to_string()));
    format!("| {} |", cells.join(" | "))
}
