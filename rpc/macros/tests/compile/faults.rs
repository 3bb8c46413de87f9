//! What `derive(Fault)` asks of an enum.

use countersign::{Fault, Status};

macro_rules! fault {
    ($item:item) => {
        #[countersign::message]
        #[derive(Debug, thiserror::Error, Fault)]
        $item
    };
}

fault! {
    #[error("not an enum")]
    pub struct NotAnEnum;
}

fault! {
    pub enum Variants {
        #[error("sound")]
        #[fault(code = NotFound)]
        Sound,
        #[error("says nothing")]
        SaysNothing,
        #[error("nothing in it")]
        #[fault()]
        NothingInIt,
        #[error("misspelt")]
        #[fault(kode = NotFound)]
        Misspelt,
        #[error("a fault that is none")]
        #[fault(code = Ok)]
        Fine,
        #[error("sent")]
        #[fault(private)]
        Sent(u32),
        #[error("a code, and not sent")]
        #[fault(code = Internal)]
        #[serde(skip)]
        Skipped,
        #[error("two fields")]
        #[fault(status)]
        #[serde(skip)]
        Two(Status, u32),
    }
}

fault! {
    pub enum UnknownCode {
        #[error("misspelt")]
        #[fault(code = NotFond)]
        Misspelt,
    }
}

fault! {
    pub enum NotAStatus {
        #[error("a number")]
        #[fault(status)]
        #[serde(skip)]
        Number(u32),
    }
}

fault! {
    #[serde(tag = "kind")]
    pub enum Tagged {
        #[error("tagged")]
        #[fault(code = Internal)]
        Tagged,
    }
}

fault! {
    pub enum Generic<T> {
        #[error("generic")]
        #[fault(code = Internal)]
        Generic(T),
    }
}

#[derive(Debug, Fault)]
pub enum Bare {
    #[fault(code = Internal)]
    Bare,
}

fn main() {}
