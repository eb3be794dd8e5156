//! Reads the tokens of a template into its parts, as Go's `text/template/parse` does.
//!
//! How far the parser looks ahead is Go's too, because the line that an error
//! names is that of the last token read. Nesting is limited to [`MAX_DEPTH`].

use std::collections::BTreeMap;

use super::functions;
use super::lexer::{Kind, Token, lex};
use super::literal::Number;
use super::quote::{quote, unquote};
use super::syntax::{Branch, Command, Expr, ExprKind, List, Node, NodeKind, Pipe, Templates};

/// How deep actions and parentheses may lie in each other.
const MAX_DEPTH: usize = 50;

/// What is wrong.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    /// The line of the last token that was read, from 1.
    pub(super) line: usize,
    /// Its first byte.
    pub(super) pos: usize,
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses a text.
pub(super) fn parse(text: &str) -> Result<Templates> {
    let mut parser = Parser {
        tokens: lex(text),
        next: 0,
        read: 0,
        scope: Scope::new(),
        action_line: 0,
        depth: 0,
        defined: BTreeMap::new(),
    };
    let root = parser.root()?;
    Ok(Templates {
        root,
        defined: parser.defined,
    })
}

/// What is known in a template: its variables and whether `break` may stand here.
struct Scope {
    variables: Vec<String>,
    ranges: usize,
}

impl Scope {
    fn new() -> Self {
        Self {
            variables: vec!["$".to_owned()],
            ranges: 0,
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    /// The next token.
    next: usize,
    /// How many tokens have been looked at.
    read: usize,
    scope: Scope,
    action_line: usize,
    depth: usize,
    defined: BTreeMap<String, List>,
}

/// What ended a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    End,
    Else,
}

impl Ending {
    fn text(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

enum Item {
    Node(Node),
    Ending(Ending),
}

impl Parser {
    fn at(&self, index: usize) -> &Token {
        &self.tokens[index.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.at(self.next).clone();
        self.next += 1;
        self.read = self.read.max(self.next);
        token
    }

    fn peek(&mut self) -> Kind {
        self.read = self.read.max(self.next + 1);
        self.at(self.next).kind
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Kind {
        while self.peek() == Kind::Space {
            self.next += 1;
        }
        self.peek()
    }

    /// The position of the next token.
    fn pos(&self) -> usize {
        self.at(self.next).pos
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        let last = self.at(self.read.saturating_sub(1));
        Err(SyntaxError {
            message: message.into(),
            line: last.line,
            pos: last.pos,
        })
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T> {
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {} in {context}", token.describe()));
        }
        if self.action_line == 0 || self.action_line == token.line {
            return self.error(token.describe());
        }
        // The place names the template, which is not known here.
        let before = if token.text.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.error(format!(
            "{}{before} started at {NAME}:{}",
            token.describe(),
            self.action_line
        ))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind {
            return Ok(token);
        }
        self.unexpected(&token, context)
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return self.error(format!("nested more than {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn define(&mut self, name: String, list: List) -> Result<()> {
        match self.defined.get(&name) {
            Some(known) if !known.is_empty() => {
                if list.is_empty() {
                    return Ok(());
                }
                self.error(format!(
                    "template: multiple definition of template {}",
                    quote(&name)
                ))
            }
            _ => {
                self.defined.insert(name, list);
                Ok(())
            }
        }
    }

    fn root(&mut self) -> Result<List> {
        let mut list = List::default();
        while self.peek() != Kind::Eof {
            if self.peek() == Kind::LeftDelim {
                let start = self.next;
                self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.next = start;
            }
            match self.text_or_action()? {
                Item::Node(node) => list.0.push(node),
                Item::Ending(ending) => return self.error(format!("unexpected {}", ending.text())),
            }
        }
        Ok(list)
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let list = self.body(CONTEXT)?;
        self.define(name, list)
    }

    /// Parses a template of its own, up to its end.
    fn body(&mut self, context: &str) -> Result<List> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let (list, ending) = self.list()?;
        self.scope = outer;
        match ending {
            Ending::End => Ok(list),
            Ending::Else => self.error(format!("unexpected {} in {context}", ending.text())),
        }
    }

    fn list(&mut self) -> Result<(List, Ending)> {
        let mut list = List::default();
        while self.peek_non_space() != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => list.0.push(node),
                Item::Ending(ending) => return Ok((list, ending)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node {
                pos: token.pos,
                kind: NodeKind::Text(token.text),
            })),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let action = self.nested(Self::action)?;
                self.action_line = 0;
                Ok(action)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let start = self.next;
        let token = self.next_non_space();
        let (pos, kind) = match token.kind {
            Kind::Block => self.block()?,
            Kind::Else => return self.else_control(),
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Kind::If => self.branch("if", NodeKind::If)?,
            Kind::Range => self.branch("range", NodeKind::Range)?,
            Kind::With => self.branch("with", NodeKind::With)?,
            Kind::Template => self.template()?,
            Kind::Break => (token.pos, self.leave("{{break}}", NodeKind::Break)?),
            Kind::Continue => (token.pos, self.leave("{{continue}}", NodeKind::Continue)?),
            _ => {
                self.next = start;
                self.peek_non_space();
                let pos = self.pos();
                (
                    pos,
                    NodeKind::Action(self.pipeline("command", Kind::RightDelim)?),
                )
            }
        };
        Ok(Item::Node(Node { pos, kind }))
    }

    fn leave(&mut self, text: &str, kind: NodeKind) -> Result<NodeKind> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return self.unexpected(&token, text);
        }
        if self.scope.ranges == 0 {
            return self.error(format!("{text} outside {{{{range}}}}"));
        }
        Ok(kind)
    }

    fn else_control(&mut self) -> Result<Item> {
        if !matches!(self.peek_non_space(), Kind::If | Kind::With) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn branch(&mut self, keyword: &str, make: fn(Branch) -> NodeKind) -> Result<(usize, NodeKind)> {
        let known = self.scope.variables.len();
        let pipe = self.pipeline(keyword, Kind::RightDelim)?;
        let is_range = usize::from(keyword == "range");
        self.scope.ranges += is_range;
        let (list, ending) = self.list()?;
        self.scope.ranges -= is_range;
        let otherwise = if ending == Ending::Else {
            Some(self.otherwise(keyword)?)
        } else {
            None
        };
        self.scope.variables.truncate(known);
        let pos = pipe.pos;
        let branch = Branch {
            pipe,
            list,
            otherwise,
        };
        Ok((pos, make(branch)))
    }

    /// Parses what follows an `else`; `else if` and `else with` share their `end`.
    fn otherwise(&mut self, keyword: &str) -> Result<List> {
        let (expected, make): (_, fn(Branch) -> NodeKind) = match keyword {
            "if" => (Kind::If, NodeKind::If),
            "with" => (Kind::With, NodeKind::With),
            _ => (Kind::Eof, NodeKind::If),
        };
        if self.peek() == expected {
            self.next();
            let (pos, kind) = self.nested(|parser| parser.branch(keyword, make))?;
            return Ok(List(vec![Node { pos, kind }]));
        }
        let (list, ending) = self.list()?;
        if ending == Ending::Else {
            return self.error(format!("expected end; found {}", ending.text()));
        }
        Ok(list)
    }

    fn block(&mut self) -> Result<(usize, NodeKind)> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let list = self.body(CONTEXT)?;
        self.define(name.clone(), list)?;
        Ok((token.pos, NodeKind::Template(name, Some(pipe))))
    }

    fn template(&mut self) -> Result<(usize, NodeKind)> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = if self.peek_non_space() == Kind::RightDelim {
            self.next();
            None
        } else {
            Some(self.pipeline(CONTEXT, Kind::RightDelim)?)
        };
        Ok((token.pos, NodeKind::Template(name, pipe)))
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<String> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        self.unquoted(&token.text)
    }

    fn unquoted(&self, text: &str) -> Result<String> {
        match unquote(text) {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        self.peek_non_space();
        let mut pipe = Pipe {
            pos: self.pos(),
            assigns: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let start = self.next;
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.next = start;
                    let command = self.nested(Self::command)?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            if command.args[0].is_literal() {
                let stage = i + 1;
                return self.error(format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(pipe)
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<()> {
        while self.peek_non_space() == Kind::Variable {
            let start = self.next;
            let variable = self.next().text;
            let sign = self.peek_non_space();
            let is_comma = sign == Kind::Char && self.at(self.next).text == ",";
            if !is_comma && !matches!(sign, Kind::Assign | Kind::Declare) {
                self.next = start;
                return Ok(());
            }
            self.next();
            pipe.variables.push(variable.clone());
            self.scope.variables.push(variable);
            if !is_comma {
                pipe.assigns = sign == Kind::Assign;
                return Ok(());
            }
            if context != "range" || pipe.variables.len() > 1 {
                return self.error(format!("too many declarations in {context}"));
            }
            if !matches!(
                self.peek_non_space(),
                Kind::Variable | Kind::RightDelim | Kind::RightParen
            ) {
                return self.error("range can only initialize variables");
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let start = self.next;
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.next = start,
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if args.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { args })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        if self.peek() != Kind::Field {
            return Ok(Some(term));
        }
        let pos = self.pos();
        let mut fields = Vec::new();
        while self.peek() == Kind::Field {
            fields.push(self.next().text[1..].to_owned());
        }
        let kind = match term.kind {
            ExprKind::Field(mut names) => {
                names.append(&mut fields);
                ExprKind::Field(names)
            }
            ExprKind::Variable(mut names) => {
                names.append(&mut fields);
                ExprKind::Variable(names)
            }
            _ if term.is_literal() => {
                let term = quote(&term.to_string());
                return self.error(format!("unexpected . after term {term}"));
            }
            _ => ExprKind::Chain(Box::new(term), fields),
        };
        Ok(Some(Expr { pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let start = self.next;
        let token = self.next_non_space();
        let kind = match token.kind {
            Kind::Identifier => {
                if !functions::is_known(&token.text) {
                    let name = quote(&token.text);
                    return self.error(format!("function {name} not defined"));
                }
                ExprKind::Function(token.text)
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Nil => ExprKind::Nil,
            Kind::Bool => ExprKind::Bool(token.text == "true"),
            Kind::Field => ExprKind::Field(vec![token.text[1..].to_owned()]),
            Kind::Variable => {
                if !self.scope.variables.contains(&token.text) {
                    return self.error(format!("undefined variable {}", quote(&token.text)));
                }
                ExprKind::Variable(vec![token.text])
            }
            Kind::CharConstant => match Number::from_char(&token.text) {
                Ok(number) => ExprKind::Number(number),
                Err(message) => return self.error(message),
            },
            Kind::Complex | Kind::Number => match Number::parse(&token.text) {
                Ok(number) => ExprKind::Number(number),
                Err(message) => return self.error(message),
            },
            Kind::String | Kind::RawString => ExprKind::String {
                text: self.unquoted(&token.text)?,
                quoted: token.text,
            },
            Kind::LeftParen => {
                let pipe = self
                    .nested(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                return Ok(Some(Expr {
                    pos: pipe.pos,
                    kind: ExprKind::Pipe(pipe),
                }));
            }
            _ => {
                self.next = start;
                return Ok(None);
            }
        };
        Ok(Some(Expr {
            pos: token.pos,
            kind,
        }))
    }
}

impl Expr {
    fn is_literal(&self) -> bool {
        matches!(
            self.kind,
            ExprKind::Bool(_)
                | ExprKind::Dot
                | ExprKind::Nil
                | ExprKind::Number(_)
                | ExprKind::String { .. }
        )
    }
}

/// Stands for the template's name in a message, which the caller knows.
pub(super) const NAME: &str = "\u{0}";
