//! Templates of alert labels and annotations, as Prometheus expands them.
//!
//! The language is Go's `text/template` with Prometheus' functions
//! (`template/template.go`, `docs/configuration/template_reference.md`): what is
//! parsed is the text behind Prometheus' own beginning, which sets `$labels`,
//! `$externalLabels`, `$externalURL` and `$value`. Numbers and errors are written
//! as Go writes them.
//!
//! Deviations: strings are UTF-8, so bytes that are none become U+FFFD; complex and
//! hexadecimal floating-point literals are refused; what is said of a wrong
//! regular expression is in other words; where Go prints the address of an element
//! of a query's result, its content is printed; nesting, work and output are
//! limited. `range` over an integer and `else with` are known, as in Go since 1.22
//! and 1.23; `toDuration`, `now` and `urlQueryEscape`, as in Prometheus 3.

mod analysis;
mod builtins;
mod eval;
mod exec;
mod float;
mod format;
mod functions;
mod host;
mod humanize;
mod lexer;
mod literal;
mod parser;
mod printer;
mod quote;
mod syntax;
#[cfg(test)]
mod tests;
mod time;
mod value;

use crate::model::Labels;

/// What Prometheus puts before each template.
const PRELUDE: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
                       {{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// What a template sees.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// `$labels`: the labels of the expression's element, its metric's name among them.
    pub labels: &'a Labels,
    /// `$value`.
    pub value: f64,
    /// `$externalLabels`.
    pub external_labels: &'a Labels,
    /// `$externalURL`.
    pub external_url: &'a str,
    /// The instant of the evaluation, µs.
    pub now: i64,
}

/// The function `query`: evaluates an instant query at the context's instant.
pub type QueryFn<'f> = dyn FnMut(&str) -> Result<Vec<(Labels, f64)>, String> + 'f;

/// Why a text is no template. A rule with such a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", self.message_for("the template"))]
pub struct TemplateError {
    /// What is wrong, in Go's words.
    message: String,
    /// The line in the text, from 1.
    pub line: usize,
    /// The byte in the text at which reading stopped.
    pub offset: usize,
}

impl TemplateError {
    /// Says it as Prometheus does, which names the alert.
    pub fn for_alert(&self, alert: &str) -> String {
        let name = format!("__alert_{alert}");
        format!(
            "template: {name}:{}: {}",
            self.line,
            self.message_for(&name)
        )
    }

    /// What is wrong; where it began is told by the template's name.
    fn message_for(&self, name: &str) -> String {
        self.message.replace(parser::NAME, name)
    }
}

/// Why a template can't be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{code}`: {message}")]
pub struct RenderError {
    /// What is wrong, in Go's words.
    pub message: String,
    /// The part of the template that failed, as Go writes it.
    pub code: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its byte in the line, behind Prometheus' beginning in the first.
    column: usize,
    /// The template in the text that was executed, where it was a `define`d one.
    template: Option<String>,
}

impl RenderError {
    /// The text that takes the place of the label's or annotation's:
    /// `<error expanding template: …>`.
    pub fn expansion(&self, alert: &str) -> String {
        let name = format!("__alert_{alert}");
        format!(
            "<error expanding template: error executing template {name}: \
             template: {name}:{}:{}: executing {} at <{}>: {}>",
            self.line,
            self.column,
            quote::quote(self.template.as_ref().unwrap_or(&name)),
            self.code,
            self.message
        )
    }
}

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Prometheus' beginning and the text, or the text alone if nothing is to be expanded.
    text: String,
    templates: Option<syntax::Templates>,
    dependencies: analysis::Dependencies,
}

impl Template {
    /// Parses a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if !text.contains("{{") {
            return Ok(Self {
                text: text.to_owned(),
                templates: None,
                dependencies: analysis::Dependencies::default(),
            });
        }
        let text = format!("{PRELUDE}{text}");
        let templates = parser::parse(&text).map_err(|error| TemplateError {
            message: error.message,
            line: error.line,
            offset: error.pos.saturating_sub(PRELUDE.len()),
        })?;
        Ok(Self {
            dependencies: analysis::dependencies(&text, &templates, PRELUDE.len()),
            text,
            templates: Some(templates),
        })
    }

    /// Expands the template.
    pub fn render(
        &self,
        context: &Context<'_>,
        query: &mut QueryFn<'_>,
    ) -> Result<String, RenderError> {
        match &self.templates {
            None => Ok(self.text.clone()),
            Some(templates) => {
                exec::execute(&self.text, templates, *context, query).map_err(|error| *error)
            }
        }
    }

    /// Whether the text is the same for every alert, because nothing is to be expanded.
    pub fn is_constant(&self) -> bool {
        self.templates.is_none()
    }

    /// Whether the text can depend on the alert's value: it reads `$value`, `.Value`
    /// or all that there is (`.` or `$`).
    pub fn uses_value(&self) -> bool {
        self.dependencies.value
    }

    /// Whether the text can depend on the results of further queries.
    pub fn uses_query(&self) -> bool {
        self.dependencies.query
    }
}
