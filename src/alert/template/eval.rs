//! Evaluates the commands and operands of a template.

use super::exec::{MOST_BYTES, Place, Result, State};
use super::functions::{self, Signature, Type};
use super::syntax::{Command, Expr, ExprKind};
use super::time::{self, Parameter};
use super::value::Value;

/// The work that a query counts for.
const QUERY_WORK: usize = 10_000;

impl<'a> State<'a, '_, '_> {
    /// Evaluates a command; `last` is the value of the command before.
    pub(super) fn command(
        &mut self,
        dot: &Value<'a>,
        command: &'a Command,
        last: Option<Value<'a>>,
    ) -> Result<Value<'a>> {
        let first = &command.args[0];
        let args = command.args.as_slice();
        match &first.kind {
            ExprKind::Field(_) | ExprKind::Chain(..) | ExprKind::Variable(_) => {
                return self.fields(dot, first, args, last);
            }
            ExprKind::Function(name) => {
                return self.function(dot, first, name, Place::Command(command), args, last);
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(args, last.is_some())?;
                return self.pipeline(dot, pipe);
            }
            _ => {}
        }
        self.place = Place::Expr(first);
        self.not_a_function(args, last.is_some())?;
        match &first.kind {
            ExprKind::Dot => Ok(dot.clone()),
            ExprKind::Nil => self.fail("nil is not a command"),
            _ => self.constant(first),
        }
    }

    fn not_a_function(&self, args: &[Expr], has_last: bool) -> Result<()> {
        if args.len() > 1 || has_last {
            return self.fail(format!("can't give argument to non-function {}", args[0]));
        }
        Ok(())
    }

    fn constant(&self, expr: &'a Expr) -> Result<Value<'a>> {
        match &expr.kind {
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::String { text, .. } => Ok(Value::text(text.as_str())),
            ExprKind::Number(number) if number.is_float => Ok(Value::Float(number.float)),
            ExprKind::Number(number) => match number.int {
                Some(int) => Ok(Value::Int(int)),
                None => self.fail(format!("{} overflows int", number.text)),
            },
            _ => self.fail(format!("can't evaluate command {}", expr)),
        }
    }

    /// Evaluates fields of dot, a variable or a parenthesised pipeline.
    fn fields(
        &mut self,
        dot: &Value<'a>,
        expr: &'a Expr,
        args: &'a [Expr],
        last: Option<Value<'a>>,
    ) -> Result<Value<'a>> {
        self.place = Place::Expr(expr);
        let (mut value, names) = match &expr.kind {
            ExprKind::Field(names) => (dot.clone(), names.as_slice()),
            ExprKind::Variable(names) => {
                let value = self.variable(&names[0])?;
                if names.len() == 1 {
                    if args.len() > 1 || last.is_some() {
                        self.not_a_function(args, last.is_some())?;
                    }
                    return Ok(value);
                }
                (value, &names[1..])
            }
            ExprKind::Chain(of, names) => {
                if matches!(of.kind, ExprKind::Nil) {
                    return self.fail(format!("indirection through explicit nil in {expr}"));
                }
                let value = self.argument(dot, None, of)?;
                (value, names.as_slice())
            }
            _ => return self.constant(expr),
        };
        let Some((final_name, before)) = names.split_last() else {
            return Ok(value);
        };
        for name in before {
            value = self.field(dot, name, &[], None, &value)?;
        }
        self.field(dot, final_name, args, last, &value)
    }

    fn field(
        &mut self,
        dot: &Value<'a>,
        name: &str,
        args: &'a [Expr],
        last: Option<Value<'a>>,
        receiver: &Value<'a>,
    ) -> Result<Value<'a>> {
        if let Some(parameter) = time::parameter(receiver, name) {
            let fixed: &'static [Type] = match parameter {
                Parameter::None => &[],
                Parameter::Text => &[Type::String],
                Parameter::Time => &[Type::Time],
                Parameter::Duration => &[Type::Duration],
            };
            let signature = Signature {
                fixed,
                variadic: None,
            };
            let values = self.arguments(dot, name, signature, args, last)?;
            return Ok(time::call(receiver, name, values.first()));
        }
        let has_args = args.len() > 1 || last.is_some();
        let field = match (receiver, name) {
            (Value::None, _) => return Ok(Value::None),
            (Value::Root(context), "Labels") => Value::Labels(context.labels),
            (Value::Root(context), "ExternalLabels") => Value::Labels(context.external_labels),
            (Value::Root(context), "ExternalURL") => Value::text(context.external_url),
            (Value::Root(context), "Value") => Value::Float(context.value),
            (Value::Sample(sample), "Labels") => Value::SampleLabels(sample.clone()),
            (Value::Sample(sample), "Value") => Value::Float(sample.value),
            (Value::NilSample, "Labels" | "Value") => {
                return self.fail(format!("nil pointer evaluating *template.sample.{name}"));
            }
            (Value::Labels(_) | Value::SampleLabels(_) | Value::Args(_), name) => {
                if has_args {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                return Ok(match receiver {
                    Value::Args(args) => args.get(name).cloned().unwrap_or(Value::None),
                    labels => labels.label(name).unwrap_or(Value::None),
                });
            }
            (other, name) => {
                let given = other.type_name();
                return self.fail(format!("can't evaluate field {name} in type {given}"));
            }
        };
        if has_args {
            return self.fail(format!(
                "{name} has arguments but cannot be invoked as function"
            ));
        }
        Ok(field)
    }

    /// Calls a function; an error of its own is said at `whole`.
    fn function(
        &mut self,
        dot: &Value<'a>,
        expr: &'a Expr,
        name: &'a str,
        whole: Place<'a>,
        args: &'a [Expr],
        last: Option<Value<'a>>,
    ) -> Result<Value<'a>> {
        self.place = Place::Expr(expr);
        let Some(signature) = functions::signature(name) else {
            return self.fail(format!("\"{name}\" is not a defined function"));
        };
        if matches!(name, "and" | "or") {
            return self.short_circuit(dot, name, signature, args, last);
        }
        let values = self.arguments(dot, name, signature, args, last)?;
        if name == "query" {
            self.spend(QUERY_WORK)?;
        }
        // What a function has to read, such as the text that a pattern is sought in.
        self.spend(values.iter().filter_map(Value::len).sum())?;
        match functions::call(name, &values, &mut self.surroundings) {
            Ok(value) => {
                let len = value.len().unwrap_or(0);
                if len > MOST_BYTES {
                    self.place = whole;
                    return self.fail(format!("the text is longer than {MOST_BYTES} bytes"));
                }
                self.spend(len)?;
                Ok(value)
            }
            Err(message) => {
                self.place = whole;
                self.fail(format!("error calling {name}: {message}"))
            }
        }
    }

    /// Evaluates `and` and `or`, which stop at the first argument that decides.
    fn short_circuit(
        &mut self,
        dot: &Value<'a>,
        name: &str,
        signature: Signature,
        args: &'a [Expr],
        last: Option<Value<'a>>,
    ) -> Result<Value<'a>> {
        let args = args.get(1..).unwrap_or_default();
        self.check_count(name, signature, args.len(), last.is_some())?;
        let mut value = Value::None;
        for arg in args {
            value = self.argument(dot, Some(Type::Reflected), arg)?;
            if value.is_true() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn check_count(
        &self,
        name: &str,
        signature: Signature,
        args: usize,
        has_last: bool,
    ) -> Result<()> {
        let (given, wanted) = (args + usize::from(has_last), signature.fixed.len());
        if signature.variadic.is_some() {
            if given < wanted {
                return self.fail(format!(
                    "wrong number of args for {name}: want at least {wanted} got {args}"
                ));
            }
        } else if given != wanted {
            return self.fail(format!(
                "wrong number of args for {name}: want {wanted} got {given}"
            ));
        }
        Ok(())
    }

    /// Evaluates the arguments of a call; the first of `args` is the function itself.
    fn arguments(
        &mut self,
        dot: &Value<'a>,
        name: &str,
        signature: Signature,
        args: &'a [Expr],
        last: Option<Value<'a>>,
    ) -> Result<Vec<Value<'a>>> {
        let args = args.get(1..).unwrap_or_default();
        self.check_count(name, signature, args.len(), last.is_some())?;
        let wanted = |index: usize| {
            let rest = signature.variadic.unwrap_or(Type::Any);
            signature.fixed.get(index).copied().unwrap_or(rest)
        };
        let mut values = Vec::with_capacity(args.len() + 1);
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, Some(wanted(i)), arg)?);
        }
        if let Some(last) = last {
            values.push(self.validate(last, Some(wanted(values.len())))?);
        }
        Ok(values)
    }

    /// Evaluates an operand that is to be of a type.
    fn argument(
        &mut self,
        dot: &Value<'a>,
        wanted: Option<Type>,
        expr: &'a Expr,
    ) -> Result<Value<'a>> {
        self.place = Place::Expr(expr);
        let value = match &expr.kind {
            ExprKind::Dot => dot.clone(),
            ExprKind::Nil => {
                return match wanted {
                    Some(Type::String | Type::Time | Type::Duration) => {
                        let wanted = wanted.map_or("", Type::name);
                        self.fail(format!("cannot assign nil to {wanted}"))
                    }
                    wanted => self.validate(Value::None, wanted),
                };
            }
            ExprKind::Field(_) | ExprKind::Variable(_) | ExprKind::Chain(..) => {
                self.nested(|state| state.fields(dot, expr, &[], None))?
            }
            ExprKind::Pipe(pipe) => self.pipeline(dot, pipe)?,
            ExprKind::Function(name) => {
                self.function(dot, expr, name, Place::Expr(expr), &[], None)?
            }
            kind => {
                return match (wanted, kind) {
                    (None | Some(Type::Any | Type::Reflected), _) => self.constant(expr),
                    (Some(Type::String), ExprKind::String { .. }) => self.constant(expr),
                    (Some(Type::String), _) => self.fail(format!("expected string; found {expr}")),
                    (Some(Type::Duration), ExprKind::Number(number)) if number.int.is_some() => {
                        Ok(Value::Duration(number.int.unwrap_or(0)))
                    }
                    (Some(Type::Duration), _) => {
                        self.fail(format!("expected integer; found {expr}"))
                    }
                    (Some(wanted), _) => {
                        let wanted = wanted.name();
                        self.fail(format!("can't handle {expr} for arg of type {wanted}"))
                    }
                };
            }
        };
        self.validate(value, wanted)
    }

    /// Checks that a value is of a type.
    fn validate(&self, value: Value<'a>, wanted: Option<Type>) -> Result<Value<'a>> {
        let Some(wanted) = wanted else {
            return Ok(value);
        };
        Ok(match (wanted, value) {
            (Type::Any | Type::Reflected, value) => value,
            (Type::String, value @ Value::String(_))
            | (Type::Vector, value @ Value::Vector(_))
            | (Type::Sample, value @ (Value::Sample(_) | Value::NilSample))
            | (Type::Time, value @ (Value::Time(_) | Value::TimePointer(_)))
            | (Type::Duration, value @ (Value::Duration(_) | Value::DurationPointer(_))) => value,
            (Type::Vector, Value::None) => Value::Vector([].into()),
            (Type::Sample, Value::None) => Value::NilSample,
            (wanted, Value::None) => {
                return self.fail(format!("invalid value; expected {}", wanted.name()));
            }
            (wanted, value) => {
                let (wanted, given) = (wanted.name(), value.type_name());
                return self.fail(format!(
                    "wrong type for value; expected {wanted}; got {given}"
                ));
            }
        })
    }
}
