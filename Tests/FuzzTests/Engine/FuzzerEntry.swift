import Glibc

/// libFuzzer's way in, for the target that SGMN_FUZZ_TARGET names; without a name, the list of all.
private let target: FuzzTarget = {
  let name = getenv("SGMN_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    for target in FuzzTarget.all { print(target.name) }
    exit(name.isEmpty ? 0 : 64)
  }
  return target
}()

/// Before the first input. Writes the target's seeds to the folder that SGMN_FUZZ_SEEDS names, and ends.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> CInt {
  let target = target
  guard let folder = getenv("SGMN_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
  do {
    for (number, seed) in try target.seeds().enumerated() {
      guard let file = fopen("\(folder)/seed-\(number)", "w") else { fatalError("cannot write into \(folder)") }
      fwrite(seed, 1, seed.count, file)
      fclose(file)
    }
  } catch { fatalError("no seeds of \(target.name): \(error)") }
  exit(0)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do { _ = try target.takes(Array(UnsafeBufferPointer(start: start, count: count))) } catch {
    fatalError("\(target.name): \(error)")
  }
  return 0
}
