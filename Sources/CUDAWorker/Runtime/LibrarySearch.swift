import DurableFiles
import Faults
import Glibc

/// Looks for a library in the order that `NVIDIALibraries` promises.
struct LibrarySearch {
  /// A folder that, where it is named, is the only one.
  static let override = "SGMN_CUDA_LIBRARIES"

  let environment: [String: String]
  /// Of the machine's own root; tests give another.
  var root = ""
  /// Whether the loader is asked for the bare name, which it also knows of a library that this process has open.
  var asksLoader = true

  /// The first one that opens.
  ///
  /// - Throws: `Fault(.remoteUnavailable)` with every name and folder, and why files that are there did not open.
  func open(_ library: NVIDIALibraries.Library, driverMajor: Int?) throws -> UnsafeMutableRawPointer {
    let sonames = library.sonames(driverMajor: driverMajor)
    var refusals: [String] = []
    for soname in sonames {
      for candidate in candidates(library, soname) {
        if let handle = load(candidate) { return handle }
        // The loader tells of a bare name only that it found nothing.
        if candidate.contains("/") { refusals.append(lastLoaderError()) }
      }
    }
    let (purpose, remedy) = library.description
    let what = "No \(sonames.joined(separator: " or ")) (\(purpose))"
    let place =
      refusals.isEmpty
      ? "looked in \(searched(library).joined(separator: ", "))" : refusals.joined(separator: "; ")
    throw Fault(.remoteUnavailable, what, at: place, remedy: remedy)
  }

  /// What dlopen is given, in this order: paths of files that are there, and the bare name.
  func candidates(_ library: NVIDIALibraries.Library, _ soname: String) -> [String] {
    if let folder = environment[LibrarySearch.override], !folder.isEmpty { return existing(soname, in: [folder]) }
    return (asksLoader ? [soname] : []) + existing(soname, in: folders(library))
  }

  private func existing(_ soname: String, in folders: [String]) -> [String] {
    folders.map { "\($0)/\(soname)" }.filter { access($0, F_OK) == 0 }
  }

  private func searched(_ library: NVIDIALibraries.Library) -> [String] {
    if let folder = environment[LibrarySearch.override], !folder.isEmpty {
      return ["\(folder) (\(LibrarySearch.override)) alone"]
    }
    return ["the loader's path"] + folders(library)
  }

  private func load(_ candidate: String) -> UnsafeMutableRawPointer? {
    openBuiltins(of: candidate)
    return dlopen(candidate, RTLD_NOW | RTLD_LOCAL)
  }

  /// NVRTC opens its built-in headers by their bare name, which the loader does not find in the folder of a wheel, unless
  /// they are open already.
  private func openBuiltins(of candidate: String) {
    let (folder, name) = split(candidate)
    guard let folder, name.hasPrefix("libnvrtc.so") else { return }
    let names = (try? DurableFile.names(in: folder)) ?? []
    for builtins in names where builtins.hasPrefix("libnvrtc-builtins.so.") {
      // One that does not open is missed by NVRTC itself, which then says so in its log.
      _ = dlopen("\(folder)/\(builtins)", RTLD_NOW | RTLD_GLOBAL)
    }
  }

  private func lastLoaderError() -> String { dlerror().map { String(cString: $0) } ?? "not loadable" }

  private func split(_ path: String) -> (folder: String?, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return (nil, Substring(path)) }
    return (String(path[..<slash]), path[path.index(after: slash)...])
  }
}

extension LibrarySearch {
  /// Where a library may be besides the loader's own path.
  func folders(_ library: NVIDIALibraries.Library) -> [String] {
    let system = LibrarySearch.systemFolders.map { root + $0 }
    return library == .driver ? system : system + toolkitFolders + wheelFolders
  }

  private static let systemFolders = [
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib",
    "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/run/opengl-driver/lib",
  ]

  private var toolkitFolders: [String] {
    let named = ["CUDA_HOME", "CUDA_PATH"].compactMap { environment[$0] }.filter { !$0.isEmpty }
    return (named + ["/usr/local/cuda", "/opt/cuda"].map { root + $0 }).map { "\($0)/lib64" }
  }

  /// `nvidia/*/lib` of every site-packages: nvidia/cu13 and nvidia/nccl, for instance.
  private var wheelFolders: [String] {
    sitePackages.flatMap { packages -> [String] in
      let parts = (try? DurableFile.names(in: "\(packages)/nvidia")) ?? []
      return parts.map { "\(packages)/nvidia/\($0)/lib" }.filter { access($0, F_OK) == 0 }
    }
  }

  private var sitePackages: [String] {
    var prefixes = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] }
    if let python { prefixes.append(python) }
    if let home = environment["HOME"] { prefixes.append("\(home)/.local") }
    prefixes += ["/usr/local", "/usr"].map { root + $0 }
    var seen: Set<String> = []
    return prefixes.filter { !$0.isEmpty && seen.insert($0).inserted }.flatMap(packageFolders)
  }

  /// The prefix of the python3 on the path, which is not started for that.
  private var python: String? {
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    guard let bin = folders.first(where: { access("\($0)/python3", X_OK) == 0 }), bin.hasSuffix("/bin") else {
      return nil
    }
    return String(bin.dropLast("/bin".count))
  }

  private func packageFolders(of prefix: String) -> [String] {
    ["lib", "lib64"].flatMap { lib -> [String] in
      let names = (try? DurableFile.names(in: "\(prefix)/\(lib)")) ?? []
      // The newest Python first, as a number: 3.9 comes after 3.12.
      let pythons = names.filter { $0.hasPrefix("python3") }.sorted { minor($0) > minor($1) }
      return pythons.flatMap { name in
        ["site-packages", "dist-packages"].map { "\(prefix)/\(lib)/\(name)/\($0)" }.filter { access($0, F_OK) == 0 }
      }
    }
  }

  private func minor(_ python: String) -> Int { Int(python.split(separator: ".").last ?? "") ?? 0 }
}
