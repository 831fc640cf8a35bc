import Testing
import WeightArchives

@testable import WeightFiles

/// ZIP archives that lie about their members.
@Suite struct HostileZipTests {
  @Test func `honest archives with either end`() throws {
    for isWide in [true, false] {
      for comment in [[], Array("PK\u{5}\u{6} a comment".utf8)] {
        let file = changed {
          $0.isWide = isWide
          $0.comment = comment
        }
        let numbers = try withWeightFile(file) { try WeightFiles.open($0).floats("weight") }
        #expect(numbers == [0, 1, 2, 3])
      }
    }
  }

  @Test func `members that overlap`() throws {
    try expectRefused(changed { $0.members[2].offset = 0 }, "is not what the directory says")
    // One that lies within another's bytes, header and all.
    try expectRefused(
      changed { draft in
        var inner = ZipDraft.Member("archive/data/1", floatBytes([1]))
        let outer = ZipDraft.Member("archive/data/0", Array(ZipDraft([inner]).encoded().prefix(30 + 14 + 4)))
        let place = draft.members[..<2].reduce(30 + 14) { $0 + 30 + $1.name.utf8.count + $1.bytes.count }
        inner.offset = UInt64(place)
        draft.members[2] = outer
        draft.members.append(inner)
        draft.members[3].isInOther = true
      }, "in what starts at")
    // One that goes on into the next.
    try expectRefused(
      changed {
        $0.members[1].byteCount += 8
        $0.members[1].storedByteCount += 8
      }, "in what starts at")
  }

  @Test func `members outside`() throws {
    for offset: UInt64 in [5_000, 1 << 31, 1 << 32, 1 << 62, .max - 3, .max] {
      try expectRefused(changed { $0.members[2].offset = offset }, "does not lie before the directory")
    }
    for count: UInt64 in [5_000, 0xFFFF_FFFE, 1 << 32, 1 << 62, .max] {
      try expectRefused(
        changed {
          $0.members[2].byteCount = count
          $0.members[2].storedByteCount = count
        }, "does not lie before the directory")
    }
    try expectRefused(changed { $0.members[2].byteCount = 1 << 40 }, "is not compressed and has two sizes")
  }

  @Test func `directories that are not there`() throws {
    for offset: UInt64 in [0, 1, 5_000, 1 << 32, 1 << 62, .max] {
      try expectRefused(changed { $0.directoryOffset = offset }, "no directory that ends here")
    }
    for count: UInt64 in [0, 1, 5_000, 1 << 32, .max] {
      try expectRefused(changed { $0.directoryByteCount = count }, "no directory that ends here")
    }
    for count: UInt64 in [0, 2] { try expectRefused(changed { $0.memberCount = count }, "bytes too many") }
    for count: UInt64 in [4, 16_384] { try expectRefused(changed { $0.memberCount = count }, "ends early") }
    for count: UInt64 in [16_385, 1 << 40, .max] {
      try expectRefused(changed { $0.memberCount = count }, "no directory that ends here")
    }
  }

  @Test func `the two ends of the directory differ`() throws {
    var file = changed { _ in }
    file[file.count - 14] ^= 1
    try expectRefused(file, "The two ends of the ZIP directory differ")
  }

  @Test func `two members of a name`() throws {
    try expectRefused(changed { $0.members.append($0.members[2]) }, "\"archive/data/0\" occurs twice")
  }

  @Test func `a local header that says something else`() throws {
    try expectRefused(changed { $0.members[2].localName = "archive/data/1" }, "is not what the directory says")
  }

  @Test func `compressed and encrypted members`() throws {
    for member in [0, 2] {
      try expectRefused(changed { $0.members[member].method = 8 }, "The member is compressed (method 8)")
      try expectRefused(changed { $0.members[member].flags = 1 }, "The member is encrypted")
    }
    let remedy = try faultOfOpening(changed { $0.members[0].method = 8 })?.remedy
    #expect(remedy?.contains("torch.save") == true)
    // TorchScript compresses its code, which is not read.
    let file = changed {
      var code = ZipDraft.Member("archive/code/model.py", [1, 2, 3])
      (code.method, code.byteCount) = (8, 100)
      $0.members.append(code)
    }
    #expect(try faultOfOpening(file) == nil)
  }

  @Test func `damaged bytes`() throws {
    for member in 0...2 { try expectRefused(changed { $0.members[member].crc ^= 1 }, "The bytes are damaged") }
  }

  @Test func `archives of others`() throws {
    try expectRefused(ZipDraft([.init("archive/x", [])]).encoded(), "with no file FOLDER/data.pkl")
    try expectRefused(changed { $0.members.append(.init("b/data.pkl", [])) }, "with 2 files FOLDER/data.pkl")
  }

  @Test func `a byte order that there is not`() throws {
    try expectRefused(changed { $0.members[1] = .init("archive/byteorder", Array("middle".utf8)) }, "\"middle\"")
    try expectRefused(
      changed { $0.members[1] = .init("archive/byteorder", Array(repeating: 65, count: 99)) }, "limit of 64")
  }

  private func changed(_ change: (inout ZipDraft) -> Void) -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(["weight"]) { draft, _ in draft.tensor(key: "0", count: 4, shape: [4], strides: [1]) }
    var file = TorchDraft(pickle: draft.ended(), records: [floatBytes([0, 1, 2, 3])])
    change(&file.archive)
    return file.encoded()
  }
}
