//! The `retrocast` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    retrocast::cli::main()
}
