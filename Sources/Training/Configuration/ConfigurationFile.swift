import DurableFiles
import Faults
import SGMNModel
import Yams

/// A run's configuration from defaults, a YAML file and `--set key=value`, in that order.
public enum ConfigurationFile {
  /// The most bytes of a file: every key with a comment of its own fits several times.
  static let byteLimit = 64 << 10
  /// The most uses of an anchor (`*name`). A few let no text grow to what takes time, however they are nested.
  static let aliasLimit = 8

  /// Throws a fault with file and line for a key that does not exist, a value of the wrong kind, or one that makes no
  /// run.
  public static func load(path: String?, settings: [String]) throws -> RunConfiguration {
    let defaults = try defaults.get()
    var tree = defaults
    var overlays: [Node] = []
    if let path, let node = try compose(text(at: path), source: path) {  // an empty file changes nothing
      try merge(node, into: &tree, like: defaults, path: [], source: path)
      overlays.append(node)
    }
    for setting in settings {
      let node = try self.node(of: setting)
      try merge(node, into: &tree, like: defaults, path: [], source: source(of: setting))
      overlays.append(node)
    }
    if !overlays.contains(where: { $0["model"]?["padding"] != nil }) { choosePadding(in: &tree) }
    let configuration: RunConfiguration
    do {
      configuration = try YAMLDecoder().decode(RunConfiguration.self, from: tree)
    } catch let error as DecodingError {
      throw fault(of: error, in: tree, path: path)
    }
    do {
      try configuration.validate()
    } catch var fault as Fault {
      fault.place = fault.place ?? path
      throw fault
    }
    return configuration
  }

  /// Whoever names a checkpoint of the authors need not know of its padding; whoever states another is told (`validate`).
  private static func choosePadding(in tree: inout Node) {
    guard let release = tree["initialization"]?["release"]?.string, !release.isEmpty else { return }
    tree["model"]?["padding"] = Node(ModelConfiguration.Padding.release.rawValue)
  }

  /// The configuration as YAML, every key stated.
  public static func text(of configuration: RunConfiguration) throws -> String {
    try Yams.serialize(node: tree(of: configuration))
  }

  private static func text(at path: String) throws -> String {
    do {
      return String(decoding: try FileReader.contents(of: path, limit: byteLimit), as: UTF8.self)
    } catch var fault as Fault where fault.code == .inputMissing || fault.code == .badData {
      if fault.code == .inputMissing { fault.what = "No such configuration file" }
      if fault.code == .badData { fault.code = .configuration }
      fault.remedy = "Check --config"
      throw fault
    }
  }

  /// The tree of a YAML text; nil of an empty one.
  private static func compose(_ text: String, source: String) throws -> Node? {
    var aliasCount = 0
    var isStar = false
    for byte in text.utf8 {
      if isStar, Unicode.Scalar(byte).isPartOfAnchor { aliasCount += 1 }
      isStar = byte == UInt8(ascii: "*")
    }
    guard aliasCount <= aliasLimit else {
      throw Fault(
        .configuration, "More than \(aliasLimit) aliases (*name)", at: source, remedy: "State the values themselves")
    }
    do {
      return try parse(text)
    } catch {
      throw Fault(.configuration, "Not YAML: \(String("\(error)".prefix(1000)))", at: source)
    }
  }

  /// The tree of a YAML text. It guesses no kind of value from what is written: what a key takes says that. Guessing, by
  /// seven regular expressions whenever two nodes are compared, would take longer than all else.
  static func parse(_ text: String) throws -> Node? { try Yams.compose(yaml: text, .basic, .default, .utf8) }

  /// The tree of the defaults, made once; it is a value that nobody changes.
  nonisolated(unsafe) private static let defaults = Result { try tree(of: RunConfiguration()) }

  /// Puts `node` where it belongs, refusing keys that the defaults do not have. What kind of value a key takes is seen by
  /// its default alone: the tree may hold what an earlier setting has put there.
  private static func merge(
    _ node: Node, into tree: inout Node, like defaults: Node, path: [String], source: String
  ) throws {
    let name = path.joined(separator: ".")
    guard case .mapping(let known) = defaults, case .mapping(var result) = tree else {
      guard case .scalar(let given) = node else {
        throw Fault(.configuration, "\(name) is one value, not a list or a group", at: place(node, source))
      }
      // Yams takes 1:30 for 90, and traps where such a number of base 60 is too large.
      if given.string.contains(":"), defaults.string.flatMap(Double.init) != nil {
        throw wrongKind(name, given.string, at: place(node, source))
      }
      tree = node
      return
    }
    guard case .mapping(let given) = node else {
      throw Fault(
        .configuration, name.isEmpty ? "The file is not a group of keys" : "\(name) is a group of keys, not one value",
        at: place(node, source))
    }
    var seen: Set<String> = []
    for (key, value) in given {
      let keyName = key.string ?? "?"
      let full = (path + [keyName]).joined(separator: ".")
      guard seen.insert(keyName).inserted else {
        throw Fault(.configuration, "\(full) stands twice", at: place(key, source), remedy: "Remove one")
      }
      guard let standard = known[keyName], var child = result[keyName] else {
        throw Fault(
          .configuration, "Unknown key \(full)", at: place(key, source),
          remedy: suggestion(for: keyName, among: known.keys.compactMap(\.string)))
      }
      try merge(value, into: &child, like: standard, path: path + [keyName], source: source)
      result[keyName] = child
    }
    tree = .mapping(result)
  }

  private static func source(of setting: String) -> String { "--set \(setting)" }

  /// `key.of.group=value` as a tree.
  private static func node(of setting: String) throws -> Node {
    let source = source(of: setting)
    guard let equals = setting.firstIndex(of: "=") else {
      throw Fault(.usage, "A setting is key=value", at: source)
    }
    let path = setting[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let value = try compose(String(setting[setting.index(after: equals)...]), source: source) ?? Node("")
    return path.reversed().reduce(value) { Node.mapping(Node.Mapping([(Node($1), $0)])) }
  }

  private static func place(_ node: Node, _ source: String) -> String {
    guard let mark = node.mark, !source.hasPrefix("--set") else { return source }
    return "\(source):\(mark.line):\(mark.column)"
  }

  private static func suggestion(for key: String, among known: [String]) -> String {
    let near = known.filter { $0.contains(key) || key.contains($0) || $0.prefix(3) == key.prefix(3) }
    return "The keys here are: \((near.isEmpty ? known : near).sorted().joined(separator: ", "))"
  }

  private static func fault(of error: DecodingError, in tree: Node, path: String?) -> Fault {
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let c), .valueNotFound(_, let c), .keyNotFound(_, let c), .dataCorrupted(let c): context = c
    @unknown default: return Fault(.configuration, "\(error)", at: path)
    }
    let names = context.codingPath.map(\.stringValue)
    let node = names.reduce(Optional(tree)) { $0?.mapping?[$1] }
    let line = node?.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return wrongKind(names.joined(separator: "."), node?.string, at: path.map { $0 + line } ?? "--set")
  }

  private static func wrongKind(_ name: String, _ value: String?, at place: String) -> Fault {
    Fault(
      .configuration, "\(name): \(value.map { "'\($0)'" } ?? "the value") is not what this key takes", at: place,
      remedy: "docs/configuration.md lists every key and its values")
  }
}

extension Unicode.Scalar {
  /// Whether YAML's names of anchors may hold it.
  fileprivate var isPartOfAnchor: Bool {
    switch self {
    case "0"..."9", "a"..."z", "A"..."Z", "_", "-": true
    default: false
    }
  }
}
