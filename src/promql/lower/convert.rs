//! From `promql-parser`'s nodes to ours, the tokens walked in step.

use promql_parser::parser as ast;
use promql_parser::parser::token as id;

use crate::model::METRIC_NAME;
use crate::promql::error::{Error, ErrorKind};
use crate::promql::expr::{
    AggregateOp, At, BinaryOp, Cardinality, Expr, Grouping, Kind, Matching, Place, Selector,
};
use crate::promql::functions;
use crate::promql::lower::literal;
use crate::promql::lower::refuse::unsupported;
use crate::promql::lower::token::{Token, TokenKind};
use crate::promql::matcher::{MatchKind, MatchOp, Matcher};
use crate::promql::options::{Options, Version};
use crate::promql::span::Cursor;

/// The farthest instant that `@` names, µs. No sample lies there, and a window and
/// an offset more do not overflow.
const FARTHEST: i64 = 1 << 62;

/// Converts a tree; its tokens are those of the text.
pub(crate) fn convert(
    text: &str,
    tokens: &[Token<'_>],
    tree: &ast::Expr,
    options: &Options,
) -> Result<Expr, Error> {
    let mut converter = Converter {
        cursor: Cursor::new(tokens, text.len()),
        version: options.version,
    };
    converter.expr(tree)
}

struct Converter<'a> {
    cursor: Cursor<'a>,
    version: Version,
}

impl Converter<'_> {
    fn expr(&mut self, tree: &ast::Expr) -> Result<Expr, Error> {
        let start = self.cursor.start();
        if !matches!(tree, ast::Expr::NumberLiteral(_)) {
            // The tree has no node for `+x`.
            while self.cursor.take("+") {}
        }
        let (kind, invariant) = match tree {
            ast::Expr::NumberLiteral(_) => (Kind::Number(self.number()?), true),
            ast::Expr::StringLiteral(_) => (Kind::String(self.string()?), true),
            ast::Expr::VectorSelector(_) => {
                let selector = self.selector(None)?;
                let pinned = selector.place.at.is_some();
                (Kind::Selector(selector), pinned)
            }
            ast::Expr::MatrixSelector(_) => {
                let mut range = 0;
                let selector = self.selector(Some(&mut range))?;
                let pinned = selector.place.at.is_some();
                (Kind::Range { selector, range }, pinned)
            }
            ast::Expr::Subquery(tree) => self.subquery(tree)?,
            ast::Expr::Call(tree) => self.call(tree, start)?,
            ast::Expr::Aggregate(tree) => self.aggregate(tree)?,
            ast::Expr::Binary(tree) => self.binary(tree)?,
            ast::Expr::Unary(tree) => {
                self.cursor.expect("-");
                let inner = self.expr(&tree.expr)?;
                let invariant = inner.invariant;
                (Kind::Negate(Box::new(inner)), invariant)
            }
            ast::Expr::Paren(tree) => {
                self.cursor.expect("(");
                let inner = self.expr(&tree.expr)?;
                self.cursor.expect(")");
                let invariant = inner.invariant;
                (Kind::Paren(Box::new(inner)), invariant)
            }
            ast::Expr::Extension(_) => {
                return Err(self.unsupported(start, "this expression"));
            }
        };
        Ok(Expr {
            kind,
            span: self.cursor.since(start),
            invariant,
        })
    }

    /// A number with its signs, which the tree has folded into it.
    fn number(&mut self) -> Result<f64, Error> {
        let mut negative = false;
        loop {
            if self.cursor.take("-") {
                negative = !negative;
            } else if !self.cursor.take("+") {
                break;
            }
        }
        let start = self.cursor.start();
        let Some(token) = self
            .cursor
            .bump()
            .filter(|t| matches!(t.kind, TokenKind::Number | TokenKind::Duration))
        else {
            return Err(self.disagree(start));
        };
        let value = literal::number(token)?;
        Ok(if negative { -value } else { value })
    }

    fn string(&mut self) -> Result<String, Error> {
        let start = self.cursor.start();
        match self.cursor.expect_kind(TokenKind::String) {
            Some(token) => literal::string(token),
            None => Err(self.disagree(start)),
        }
    }

    /// Tree and tokens say different things about what no span can stand for.
    fn disagree(&self, start: usize) -> Error {
        ErrorKind::Parse("cannot tell what this is".into()).at(self.cursor.since(start))
    }

    fn unsupported(&self, start: usize, feature: &str) -> Error {
        let reason = "this evaluator does not know it";
        unsupported(format!("`{feature}`"), reason, self.cursor.since(start))
    }

    fn selector(&mut self, range: Option<&mut i64>) -> Result<Selector, Error> {
        let start = self.cursor.start();
        let mut matchers = Vec::new();
        let name = self.cursor.peek().filter(|t| t.kind == TokenKind::Word);
        if name.is_some() {
            self.cursor.bump();
        }
        if self.cursor.take("{") {
            self.matchers(&mut matchers)?;
        }
        let span = self.cursor.since(start);
        if let Some(name) = name {
            if let Some(other) = matchers.iter().find(|m| m.name == METRIC_NAME) {
                let message = format!(
                    "metric name must not be set twice: {:?} or {:?}",
                    name.text, other.value
                );
                return Err(ErrorKind::Parse(message).at(span));
            }
            // The name first: it is the most selective.
            matchers.insert(
                0,
                Matcher {
                    name: METRIC_NAME.to_owned(),
                    value: name.text.to_owned(),
                    op: MatchOp::Equal,
                },
            );
        }
        if matchers.iter().all(|matcher| matcher.matches("")) {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(ErrorKind::Parse(message.into()).at(span));
        }
        if let Some(range) = range {
            self.cursor.expect("[");
            *range = self.window()?;
            self.cursor.expect("]");
        }
        let place = self.place()?;
        Ok(Selector { matchers, place })
    }

    /// The matchers of `{…}`, whose brace has been taken.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), Error> {
        while let Some(label) = self.cursor.bump() {
            if label.is("}") {
                break;
            }
            if label.is(",") {
                continue;
            }
            let name = match label.kind {
                TokenKind::String => literal::string(label)?,
                _ => label.text.to_owned(),
            };
            let operator = self
                .cursor
                .peek()
                .filter(|t| matches!(t.text, "=" | "!=" | "=~" | "!~"));
            let Some(operator) = operator else {
                // A metric's name in quotes.
                matchers.push(Matcher {
                    name: METRIC_NAME.to_owned(),
                    value: name,
                    op: MatchOp::Equal,
                });
                continue;
            };
            self.cursor.bump();
            let value = self.string()?;
            let span = self.cursor.since(label.span.start);
            let kind = match operator.text {
                "=" => MatchKind::Equal,
                "!=" => MatchKind::NotEqual,
                "=~" => MatchKind::Regex,
                _ => MatchKind::NotRegex,
            };
            let matcher = Matcher::new(name, kind, value, self.version).map_err(|error| {
                ErrorKind::Parse(format!("invalid regular expression: {error}")).at(span)
            })?;
            matchers.push(matcher);
        }
        Ok(())
    }

    /// A duration > 0.
    fn window(&mut self) -> Result<i64, Error> {
        let start = self.cursor.start();
        let Some(token) = self.cursor.bump() else {
            return Err(self.disagree(start));
        };
        match literal::micros(token)? {
            micros if micros > 0 => Ok(micros),
            _ => {
                let message = "duration must be greater than 0";
                Err(ErrorKind::Parse(message.into()).at(token.span))
            }
        }
    }

    /// `offset` and `@`, in any order.
    fn place(&mut self) -> Result<Place, Error> {
        let mut place = Place::default();
        loop {
            let start = self.cursor.start();
            if self.cursor.take_word("offset") {
                let negative = self.sign();
                let Some(token) = self.cursor.bump() else {
                    return Err(self.disagree(start));
                };
                let micros = literal::micros(token)?;
                place.offset = if negative { -micros } else { micros };
            } else if self.cursor.take("@") {
                place.at = Some(self.at(start)?);
            } else {
                return Ok(place);
            }
        }
    }

    fn sign(&mut self) -> bool {
        if self.cursor.take("-") {
            return true;
        }
        self.cursor.take("+");
        false
    }

    fn at(&mut self, start: usize) -> Result<At, Error> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.cursor.take_word(word) {
                self.cursor.expect("(");
                self.cursor.expect(")");
                return Ok(at);
            }
        }
        let negative = self.sign();
        let Some(token) = self.cursor.bump() else {
            return Err(self.disagree(start));
        };
        let seconds = literal::number(token)?;
        let seconds = if negative { -seconds } else { seconds };
        if seconds.is_nan() || seconds.abs() >= 2f64.powi(63) {
            let message = format!("timestamp out of bounds for @ modifier: {seconds}");
            return Err(ErrorKind::Parse(message).at(self.cursor.since(start)));
        }
        // Prometheus keeps milliseconds.
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let millis = (seconds * 1e3).round() as i64;
        let micros = millis.saturating_mul(1_000);
        Ok(At::Time(micros.clamp(-FARTHEST, FARTHEST)))
    }

    fn subquery(&mut self, tree: &ast::SubqueryExpr) -> Result<(Kind, bool), Error> {
        let expr = self.expr(&tree.expr)?;
        self.cursor.expect("[");
        let range = self.window()?;
        self.cursor.expect(":");
        let step = match tree.step {
            Some(_) => Some(self.window()?),
            None => None,
        };
        self.cursor.expect("]");
        let place = self.place()?;
        let kind = Kind::Subquery {
            expr: Box::new(expr),
            range,
            step,
            place,
        };
        Ok((kind, place.at.is_some()))
    }

    fn call(&mut self, tree: &ast::Call, start: usize) -> Result<(Kind, bool), Error> {
        // As written: the tree may have another function of the same arguments.
        let token = self.cursor.expect_kind(TokenKind::Word);
        let name = token.map_or(tree.func.name, |token| token.text);
        self.cursor.expect("(");
        let mut args = Vec::with_capacity(tree.args.args.len());
        for (i, arg) in tree.args.args.iter().enumerate() {
            if i > 0 {
                self.cursor.expect(",");
            }
            args.push(self.expr(arg)?);
        }
        self.cursor.expect(")");
        let Some(function) = functions::by_name(name) else {
            return Err(self.unsupported(start, name));
        };
        let invariant = !function.reads_time && args.iter().all(|arg| arg.invariant);
        Ok((Kind::Call { function, args }, invariant))
    }

    fn aggregate(&mut self, tree: &ast::AggregateExpr) -> Result<(Kind, bool), Error> {
        let start = self.cursor.start();
        self.cursor.expect_kind(TokenKind::Word);
        let mut grouping = self.grouping()?;
        self.cursor.expect("(");
        let param = match &tree.param {
            Some(param) => {
                let param = self.expr(param)?;
                self.cursor.expect(",");
                Some(Box::new(param))
            }
            None => None,
        };
        let expr = self.expr(&tree.expr)?;
        self.cursor.expect(")");
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let op = match tree.op.id() {
            id::T_SUM => AggregateOp::Sum,
            id::T_AVG => AggregateOp::Avg,
            id::T_COUNT => AggregateOp::Count,
            id::T_MIN => AggregateOp::Min,
            id::T_MAX => AggregateOp::Max,
            id::T_GROUP => AggregateOp::Group,
            id::T_STDDEV => AggregateOp::Stddev,
            id::T_STDVAR => AggregateOp::Stdvar,
            id::T_TOPK => AggregateOp::TopK,
            id::T_BOTTOMK => AggregateOp::BottomK,
            id::T_QUANTILE => AggregateOp::Quantile,
            id::T_COUNT_VALUES => AggregateOp::CountValues,
            _ => return Err(self.unsupported(start, &tree.op.to_string())),
        };
        let invariant = expr.invariant && param.as_ref().is_none_or(|param| param.invariant);
        let kind = Kind::Aggregate {
            op,
            grouping: grouping.unwrap_or_default(),
            param,
            expr: Box::new(expr),
        };
        Ok((kind, invariant))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Error> {
        let without = if self.cursor.take_word("by") {
            false
        } else if self.cursor.take_word("without") {
            true
        } else {
            return Ok(None);
        };
        let labels = self.labels()?;
        Ok(Some(Grouping { without, labels }))
    }

    /// A list of labels in parentheses.
    fn labels(&mut self) -> Result<Vec<String>, Error> {
        let mut labels = Vec::new();
        self.cursor.expect("(");
        while let Some(token) = self.cursor.bump() {
            match token.kind {
                TokenKind::String => {
                    let label = literal::string(token)?;
                    if label.is_empty() {
                        let message = "a label's name is empty";
                        return Err(ErrorKind::Parse(message.into()).at(token.span));
                    }
                    labels.push(label);
                }
                _ if token.is(")") => break,
                _ if token.is(",") => {}
                _ => labels.push(token.text.to_owned()),
            }
        }
        Ok(labels)
    }

    fn binary(&mut self, tree: &ast::BinaryExpr) -> Result<(Kind, bool), Error> {
        let lhs = self.expr(&tree.lhs)?;
        let start = self.cursor.start();
        self.cursor.bump();
        let op = match tree.op.id() {
            id::T_ADD => BinaryOp::Add,
            id::T_SUB => BinaryOp::Sub,
            id::T_MUL => BinaryOp::Mul,
            id::T_DIV => BinaryOp::Div,
            id::T_MOD => BinaryOp::Mod,
            id::T_POW => BinaryOp::Pow,
            id::T_ATAN2 => BinaryOp::Atan2,
            id::T_EQLC => BinaryOp::Equal,
            id::T_NEQ => BinaryOp::NotEqual,
            id::T_LSS => BinaryOp::Less,
            id::T_LTE => BinaryOp::LessOrEqual,
            id::T_GTR => BinaryOp::Greater,
            id::T_GTE => BinaryOp::GreaterOrEqual,
            id::T_LAND => BinaryOp::And,
            id::T_LOR => BinaryOp::Or,
            id::T_LUNLESS => BinaryOp::Unless,
            _ => return Err(self.unsupported(start, &tree.op.to_string())),
        };
        let return_bool = self.cursor.take_word("bool");
        let mut matching = Matching::default();
        if self.cursor.take_word("on") {
            matching.on = true;
            matching.labels = self.labels()?;
        } else if self.cursor.take_word("ignoring") {
            matching.labels = self.labels()?;
        }
        if let Some(modifier) = &tree.modifier {
            use ast::VectorMatchCardinality as Card;
            matching.cardinality = match modifier.card {
                Card::OneToOne => Cardinality::OneToOne,
                Card::ManyToMany => Cardinality::ManyToMany,
                Card::ManyToOne(_) => Cardinality::ManyToOne,
                Card::OneToMany(_) => Cardinality::OneToMany,
            };
        }
        let grouped = self.cursor.take_word("group_left") || self.cursor.take_word("group_right");
        // A parenthesis after `group_left` is its list, never an operand.
        if grouped && self.cursor.peek().is_some_and(|token| token.is("(")) {
            matching.include = self.labels()?;
        }
        let rhs = self.expr(&tree.rhs)?;
        let invariant = lhs.invariant && rhs.invariant;
        let kind = Kind::Binary {
            op,
            return_bool,
            matching,
            lhs: Box::new(lhs),
            rhs: Box::new(rhs),
        };
        Ok((kind, invariant))
    }
}
