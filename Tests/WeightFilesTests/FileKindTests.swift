import Faults
import Foundation
import Testing

@testable import WeightFiles

@Suite struct FileKindTests {
  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 605143316\n", "Git LFS", "git lfs pull"),
    ("\n <!DOCTYPE html><html><title>Sign in</title>", "web page", "Download it again"),
    ("<html>", "web page", "Download it again"),
    ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "web page", "Download it again"),
    ("{\n  \"metadata\": {}, \"weight_map\": {}}", "JSON", "Give the file of weights"),
    ("", "empty", "Copy it again"),
    ("\u{80}\u{2}\u{8A}\u{A}l", "before PyTorch 1.6", "torch.save"),
    ("\u{80}\u{4}\u{95}", "before PyTorch 1.6", "torch.save"),
    (String(repeating: "\u{0}", count: 257) + "ustar", "tar archive", "torch.save"),
    ("\u{1F}\u{8B}\u{8}", "gzip", "gunzip"),
    ("\u{89}HDF\r\n\u{1A}\n", "None of the formats", "safetensors"),
    ("A", "None of the formats", "safetensors"),
  ])
  func `what else a file is`(_ text: String, _ reason: String, _ remedy: String) throws {
    let bytes = text.unicodeScalars.map { UInt8($0.value) }
    let fault = try #require(try faultOfOpening(bytes))
    #expect(fault.code == .badData)
    #expect(fault.what.contains(reason))
    #expect(fault.remedy?.contains(remedy) == true)
    guard case .refused = FileKind(Array(bytes.prefix(FileKind.byteCount))) else {
      return #expect(Bool(false), "taken for a format that is read")
    }
  }

  @Test func `formats are told by their bytes`() {
    #expect(FileKind([0x50, 0x4B, 3, 4]) == .zip)
    #expect(FileKind([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)) == .safetensors)
    // The length of a header can look like another format's first bytes.
    #expect(FileKind([0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)) == .safetensors)
    #expect(FileKind([0x1F, 0x8B, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)) == .safetensors)
    #expect(FileKind([0x3C, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)) == .safetensors)
  }

  @Test func `files that cannot be opened`() {
    #expect(throws: Fault.self) { try WeightFiles.open("/nowhere/model.pt") }
    #expect(throws: Fault.self) { try WeightFiles.open("/tmp") }
  }
}
