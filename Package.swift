// swift-tools-version: 6.1
import PackageDescription

// Levels run strictly downward (docs/architecture.md): a target lists only targets above it in this file.

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

func tests(_ module: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.byName(name: module)] + dependencies,
    resources: fixtures ? [.copy("Fixtures")] : [])
}

let package = Package(
  name: "sgmn-trainer",
  targets: [
    // Level 0: foreign libraries, our vector kernels, and what every module speaks.
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    module("Faults"),
    module("Randomness"),

    // Level 1
    module("DurableFiles", ["CXXHash", "Faults"]),

    tests("Faults"),
    tests("Randomness"),
    tests("DurableFiles"),
  ],
  swiftLanguageModes: [.v6]
)
