use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// Draws one bar over all bytes of a run; nothing where standard error is not
/// a terminal.
pub(crate) fn bytes(terminal: &Terminal, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target(terminal));
    let style = ProgressStyle::with_template(
        "{bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// Draws a bar over the steps of a job or a simulation.
pub(crate) fn steps(terminal: &Terminal, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target(terminal));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn target(terminal: &Terminal) -> ProgressDrawTarget {
    if terminal.is_interactive {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}
