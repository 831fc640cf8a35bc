import ArgumentParser

/// A choice of the command line between two.
enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }
