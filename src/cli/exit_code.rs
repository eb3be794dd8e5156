/// How the program ends; part of the stable interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for is done.
    Fine,
    /// It is done, and a check found something: too many dead letters, a file
    /// of which nothing could be read, a step of a job that failed.
    Found,
    /// The command line or the configuration is wrong.
    Usage,
    /// An input or the store cannot be read or written.
    Unreadable,
    /// A fault of ours.
    Bug,
}

impl Exit {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Fine,
        Self::Found,
        Self::Usage,
        Self::Unreadable,
        Self::Bug,
    ];

    /// Returns the number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Unreadable => 3,
            Self::Bug => 70,
        }
    }
}
