//! A row of clauses, NOTs, ANDs, ORs and parentheses to a tree, by precedence and without
//! recursion: parentheses bind tightest, then NOT, then AND, then OR.

use std::mem;

use crate::syntax::Node;

/// A tree being built from left to right.
#[derive(Default)]
pub(crate) struct Nesting {
    /// The open parentheses around `level`, outermost first.
    outer: Vec<Level>,
    level: Level,
    /// NOTs that wait for what they negate.
    nots: usize,
}

/// What has been read of one parenthesis, or of the whole query.
#[derive(Default)]
struct Level {
    /// The NOTs right before the parenthesis.
    nots: usize,
    /// Alternatives that are complete.
    alternatives: Vec<Node>,
    /// What is joined by AND since the last OR.
    conjuncts: Vec<Node>,
}

impl Nesting {
    /// Reads `NOT`.
    pub(crate) fn not(&mut self) {
        self.nots += 1;
    }

    /// Reads `(`.
    pub(crate) fn open(&mut self) {
        let inner = Level { nots: mem::take(&mut self.nots), ..Level::default() };
        self.outer.push(mem::replace(&mut self.level, inner));
    }

    /// Reads `)`. The parentheses balance: `depth::check` saw to it.
    pub(crate) fn close(&mut self) {
        let enclosing = self.outer.pop().unwrap_or_default();
        let closed = mem::replace(&mut self.level, enclosing).end();
        self.level.conjuncts.extend(closed);
    }

    /// Reads a clause.
    pub(crate) fn clause(&mut self, node: Node) {
        self.level.conjuncts.push(negated(node, mem::take(&mut self.nots)));
    }

    /// Reads `OR`. `AND` needs no reading: it is what clauses side by side mean.
    pub(crate) fn or(&mut self) {
        self.level.end_alternative();
    }

    /// The tree; `None` when nothing was read.
    pub(crate) fn end(self) -> Option<Node> {
        self.level.end()
    }
}

impl Level {
    fn end_alternative(&mut self) {
        let conjuncts = mem::take(&mut self.conjuncts);
        self.alternatives.extend(joined(Node::And, conjuncts));
    }

    fn end(mut self) -> Option<Node> {
        self.end_alternative();
        let tree = joined(Node::Or, self.alternatives)?;
        Some(negated(tree, self.nots))
    }
}

fn joined(many: fn(Vec<Node>) -> Node, mut parts: Vec<Node>) -> Option<Node> {
    if parts.len() > 1 { Some(many(parts)) } else { parts.pop() }
}

fn negated(node: Node, nots: usize) -> Node {
    (0..nots).fold(node, |inner, _| Node::Not(Box::new(inner)))
}
