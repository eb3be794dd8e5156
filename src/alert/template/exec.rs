//! Walks a template and writes its text, as Go's `text/template` does.
//!
//! A template that would never end is stopped: its work (steps, bytes written,
//! queries) is limited to [`WORK`], its depth to [`MAX_DEPTH`].

use super::builtins::printed;
use super::functions::Surroundings;
use super::syntax::{Branch, Command, Expr, List, Node, NodeKind, Pipe, Templates};
use super::value::Value;
use super::{Context, QueryFn, RenderError};

/// The steps and bytes that a template may take.
const WORK: usize = 8 << 20;
/// The bytes that a text may have.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// How deep lists, pipelines and templates may lie in each other at execution.
const MAX_DEPTH: usize = 160;

pub(super) type Result<T> = std::result::Result<T, Box<RenderError>>;

/// What is being evaluated, for errors.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Nowhere,
    Node(&'a Node),
    Pipe(&'a Pipe),
    Command(&'a Command),
    Expr(&'a Expr),
}

impl Place<'_> {
    fn pos(self) -> usize {
        match self {
            Self::Nowhere => 0,
            Self::Node(node) => node.pos,
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.args[0].pos,
            Self::Expr(expr) => expr.pos,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Nowhere => String::new(),
            Self::Node(node) => node.to_string(),
            Self::Pipe(pipe) => pipe.to_string(),
            Self::Command(command) => command.to_string(),
            Self::Expr(expr) => expr.to_string(),
        }
    }
}

enum Flow {
    On,
    Break,
    Continue,
}

/// The state of an execution.
pub(super) struct State<'a, 'q, 'f> {
    text: &'a str,
    templates: &'a Templates,
    pub(super) surroundings: Surroundings<'a, 'q, 'f>,
    pub(super) place: Place<'a>,
    /// The template that is executed, where it is not the root.
    template: Option<&'a str>,
    variables: Vec<(&'a str, Value<'a>)>,
    out: String,
    work: usize,
    depth: usize,
}

/// Expands the root template.
pub(super) fn execute<'a>(
    text: &'a str,
    templates: &'a Templates,
    context: Context<'a>,
    query: &mut QueryFn<'_>,
) -> Result<String> {
    let root = Value::Root(context);
    let mut state = State {
        text,
        templates,
        surroundings: Surroundings {
            context,
            query,
            most_bytes: MOST_BYTES,
        },
        place: Place::Nowhere,
        template: None,
        variables: vec![("$", root.clone())],
        out: String::new(),
        work: WORK,
        depth: 0,
    };
    state.list(&root, &templates.root)?;
    Ok(state.out)
}

impl<'a> State<'a, '_, '_> {
    /// Fails at the present place.
    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        let pos = self.place.pos().min(self.text.len());
        let before = &self.text.as_bytes()[..pos];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = match before.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => pos - newline - 1,
            None => pos,
        };
        Err(Box::new(RenderError {
            message: message.into(),
            template: self.template.map(str::to_owned),
            line,
            column,
            code: self.place.text(),
        }))
    }

    /// Takes some of the work that is left.
    pub(super) fn spend(&mut self, amount: usize) -> Result<()> {
        match self.work.checked_sub(amount) {
            Some(rest) => {
                self.work = rest;
                Ok(())
            }
            None => self.fail("the template takes too many steps"),
        }
    }

    pub(super) fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return self.fail(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        self.depth += 1;
        let done = run(self);
        self.depth -= 1;
        done
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.spend(text.len())?;
        if self.out.len() + text.len() > MOST_BYTES {
            return self.fail(format!("the text is longer than {MOST_BYTES} bytes"));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn list(&mut self, dot: &Value<'a>, list: &'a List) -> Result<Flow> {
        self.nested(|state| {
            for node in &list.0 {
                state.place = Place::Node(node);
                state.spend(1)?;
                let flow = state.node(dot, node)?;
                if !matches!(flow, Flow::On) {
                    return Ok(flow);
                }
            }
            Ok(Flow::On)
        })
    }

    fn node(&mut self, dot: &Value<'a>, node: &'a Node) -> Result<Flow> {
        match &node.kind {
            NodeKind::Text(text) => self.write(text)?,
            NodeKind::Action(pipe) => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.place = Place::Node(node);
                    match &value {
                        Value::String(text) => self.write(text)?,
                        value => self.write(&printed(value))?,
                    }
                }
            }
            NodeKind::If(branch) => return self.if_or_with(dot, branch, false),
            NodeKind::With(branch) => return self.if_or_with(dot, branch, true),
            NodeKind::Range(branch) => return self.range(dot, node, branch),
            NodeKind::Template(name, pipe) => self.call_template(dot, name, pipe.as_ref())?,
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn if_or_with(&mut self, dot: &Value<'a>, branch: &'a Branch, with: bool) -> Result<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.is_true() {
            self.list(if with { &value } else { dot }, &branch.list)?
        } else if let Some(otherwise) = &branch.otherwise {
            self.list(dot, otherwise)?
        } else {
            Flow::On
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn range(&mut self, dot: &Value<'a>, node: &'a Node, branch: &'a Branch) -> Result<Flow> {
        self.place = Place::Node(node);
        let mark = self.variables.len();
        let over = self.pipeline(dot, &branch.pipe)?;
        let body = self.variables.len();
        let count = match &over {
            Value::None | Value::NilSample => 0,
            Value::Int(count) if branch.pipe.variables.len() > 1 && *count >= 0 => {
                return self.fail(format!(
                    "can't use {count} to iterate over more than one variable"
                ));
            }
            Value::Int(count) => usize::try_from(*count).unwrap_or(0),
            Value::Labels(_) | Value::SampleLabels(_) | Value::Args(_) | Value::Vector(_) => {
                over.len().unwrap_or(0)
            }
            other => {
                let text = printed(other);
                return self.fail(format!("range can't iterate over {text}"));
            }
        };
        let keys = keys(&over);
        for i in 0..count {
            self.spend(1)?;
            let position = Value::Int(i64::try_from(i).unwrap_or(i64::MAX));
            let (index, element) = match &over {
                Value::Vector(samples) => (position, Value::Sample(samples[i].clone())),
                Value::Int(_) => (position.clone(), position),
                Value::Args(args) => (
                    Value::text(keys[i].clone()),
                    args.get(&keys[i]).cloned().unwrap_or(Value::None),
                ),
                labels => (
                    Value::text(keys[i].clone()),
                    labels.label(&keys[i]).unwrap_or(Value::None),
                ),
            };
            self.set_range_variables(&branch.pipe, body, index, &element)?;
            let flow = self.list(&element, &branch.list)?;
            self.variables.truncate(body);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        let flow = match &branch.otherwise {
            Some(otherwise) if count == 0 => self.list(dot, otherwise)?,
            _ => Flow::On,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn set_range_variables(
        &mut self,
        pipe: &'a Pipe,
        body: usize,
        index: Value<'a>,
        element: &Value<'a>,
    ) -> Result<()> {
        let names = &pipe.variables;
        let values = [index, element.clone()];
        // A single variable is the element.
        let values = values.into_iter().skip(2 - names.len().min(2));
        for (i, (name, value)) in names.iter().zip(values).enumerate() {
            if pipe.assigns {
                self.assign(name, value)?;
            } else if let Some(variable) = self.variables.get_mut(body - names.len() + i) {
                variable.1 = value;
            }
        }
        Ok(())
    }

    fn call_template(
        &mut self,
        dot: &Value<'a>,
        name: &'a str,
        pipe: Option<&'a Pipe>,
    ) -> Result<()> {
        let templates = self.templates;
        let Some(list) = templates.defined.get(name) else {
            return self.fail(format!(
                "template {} not defined",
                super::quote::quote(name)
            ));
        };
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::None,
        };
        let variables = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let outer = self.template.replace(name);
        self.list(&dot, list)?;
        self.template = outer;
        self.variables = variables;
        Ok(())
    }

    /// Evaluates a pipeline and sets its variables.
    pub(super) fn pipeline(&mut self, dot: &Value<'a>, pipe: &'a Pipe) -> Result<Value<'a>> {
        self.place = Place::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            self.spend(1)?;
            value = Some(self.nested(|state| state.command(dot, command, value))?);
        }
        let value = value.unwrap_or(Value::None);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn assign(&mut self, name: &str, value: Value<'a>) -> Result<()> {
        match self.variables.iter_mut().rfind(|(known, _)| *known == name) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Result<Value<'a>> {
        match self.variables.iter().rfind(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => self.fail(format!("undefined variable: {name}")),
        }
    }
}

/// The keys of a map, sorted.
fn keys(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::Args(args) => args.keys().cloned().collect(),
        value => match value.labels() {
            Some(labels) => labels.iter().map(|(name, _)| name.to_owned()).collect(),
            None => Vec::new(),
        },
    }
}
