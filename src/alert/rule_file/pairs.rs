//! Labels and annotations of rules.

use crate::alert::rule_file::name::{is_annotation_name, is_label_name};
use crate::alert::rule_file::parse::Parser;
use crate::alert::rule_file::yaml::Node;
use crate::alert::rule_file::{RuleFileErrorKind, locate_span};
use crate::alert::template::Template;
use crate::promql::{Span, Version};

/// What a name and a text are.
#[derive(Clone, Copy)]
pub(super) enum PairKind {
    Label,
    Annotation,
}

impl PairKind {
    fn singular(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Annotation => "annotation",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Label => "labels",
            Self::Annotation => "annotations",
        }
    }

    fn is_name(self, name: &str, version: Version) -> bool {
        match self {
            Self::Label => is_label_name(name, version),
            Self::Annotation => is_annotation_name(name, version),
        }
    }

    fn bad_name(self, name: &str) -> RuleFileErrorKind {
        match self {
            Self::Label => RuleFileErrorKind::LabelName(name.to_owned()),
            Self::Annotation => RuleFileErrorKind::AnnotationName(name.to_owned()),
        }
    }
}

impl Parser<'_> {
    /// Labels or annotations, sorted by name, their names checked.
    pub(super) fn pairs(
        &mut self,
        node: Option<&Node>,
        kind: PairKind,
        templates: bool,
    ) -> Vec<(String, String)> {
        let read = self.reader.texts(node, kind.plural());
        let version = self.options.version;
        let mut pairs = Vec::new();
        for one in read {
            if !kind.is_name(&one.name, version) {
                self.error(one.key.span, kind.bad_name(&one.name));
            }
            if templates && let Err(error) = Template::parse(&one.text) {
                let at = Span {
                    start: error.offset,
                    end: error.offset,
                };
                let span = locate_span(self.source, one.value, at);
                let kind = RuleFileErrorKind::Template {
                    field: format!("{} {:?}", kind.singular(), one.name),
                    error,
                };
                self.error(span, kind);
            }
            pairs.push((one.name, one.text));
        }
        pairs.sort();
        pairs
    }
}
