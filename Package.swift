// swift-tools-version: 6.2
import PackageDescription

// Small hot generics (cursors, scanners) cross module borders; without this flag each such call costs 5 to 70 times
// as much. A root package may pass it.
let fast: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// A module of ours. The order of the list below is the order in which data moves, and no module may name one that
/// stands after it.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: fast)
}

func system(_ name: String, _ pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies)
}

let package = Package(
  name: "ir-analyze",
  products: [.executable(name: "ir-analyze", targets: ["ir-analyze"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
  ],
  targets: [
    system("COpenSSL", "libcrypto", apt: "libssl-dev"),
    system("CMagic", "libmagic", apt: "libmagic-dev"),
    system("CYara", "yara", apt: "libyara-dev"),
    system("CHyperscan", "libhs", apt: "libhyperscan-dev"),
    system("CArchive", "libarchive", apt: "libarchive-dev"),
    system("CIsal", "libisal", apt: "libisal-dev"),
    system("CZlib", "zlib", apt: "zlib1g-dev"),
    system("CZstd", "libzstd", apt: "libzstd-dev"),
    system("CSnappy", "snappy", apt: "libsnappy-dev"),
    system("CLZ4", "liblz4", apt: "liblz4-dev"),
    .target(name: "CPlatform"),

    module("Bytes", ["CPlatform", "CArchive", "CIsal", "CZstd"]),
    module("Evidence", ["Bytes", "COpenSSL"]),
    module(
      "ArtifactStore",
      [
        "Evidence", "Bytes", "CArchive", "CMagic", "COpenSSL", "CPlatform", "CZstd",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    module("MemoryParse", ["Evidence", "Bytes", "CZlib", "CZstd", "CSnappy"]),
    module("LogParse", ["Evidence", "Bytes", "CLZ4"]),
    module("Detectors", ["Evidence", "Bytes", "CYara", "CHyperscan", .product(name: "Yams", package: "Yams")]),
    module("Timeline", ["Evidence", "Bytes"]),
    module("Report", ["Evidence", "Bytes", "Timeline", .product(name: "GRDB", package: "GRDB.swift")]),
    module(
      "Engine",
      [
        "Evidence", "Bytes", "CPlatform", "ArtifactStore", "MemoryParse", "LogParse", "Detectors",
        .product(name: "HeapModule", package: "swift-collections"),
      ]),
    .executableTarget(
      name: "ir-analyze",
      dependencies: [
        "Engine", "Timeline", "Report", "ArtifactStore", "MemoryParse", "LogParse", "Detectors", "Evidence", "Bytes",
        "CPlatform",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: fast),

    .target(name: "TestSupport", dependencies: ["Evidence", "Bytes"], path: "Tests/TestSupport"),
    tests(of: "Bytes"),
    tests(of: "Evidence", ["Bytes"]),
    tests(of: "ArtifactStore", ["Evidence", "Bytes"]),
    tests(of: "MemoryParse", ["Evidence", "Bytes"]),
    tests(of: "LogParse", ["Evidence", "Bytes"]),
    tests(of: "Detectors", ["Evidence", "Bytes"]),
    tests(of: "Timeline", ["Evidence", "Bytes"]),
    tests(of: "Report", ["Evidence", "Bytes", "Timeline"]),
    tests(of: "Engine", ["Evidence", "Bytes"]),
    .testTarget(name: "ProgramTests", dependencies: ["ir-analyze", "Evidence", "Bytes", "TestSupport"]),
  ]
)
