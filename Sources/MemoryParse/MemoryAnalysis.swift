import Bytes
import Evidence

/// Linux memory analysis without symbol files: every view, events and findings out of the dump alone, in one pass.
public struct MemoryAnalysis {
  /// Rises when the same dump gives other results.
  public static let version = 2

  /// What may be set from outside.
  public struct Options: Sendable {
    /// Digest of the dump, which findings point to.
    public var artifact: Digest
    /// Names of the views to write; nil for all, with events and findings.
    public var views: [String]?
    /// Types from the user, for kernels whose dump has none: an ISF file as JSON, or BTF (bare or in an ELF file).
    public var typeFile: [UInt8]?
    /// Ways to the kernel that are not to be gone.
    var without: KernelSearch.Ways = []

    public init(artifact: Digest, views: [String]? = nil, typeFile: [UInt8]? = nil) {
      self.artifact = artifact
      self.views = views
      self.typeFile = typeFile
    }
  }

  /// Volatility 3's names of the views, in the order in which they are written.
  public static var viewNames: [String] { MemoryTables.all.map { $0.name } }

  /// The name under which a view's rows are written, for any spelling of a plug-in (`linux.proc.Maps`); nil where there is no
  /// such view.
  public static func viewName(of plugin: String) -> String? { MemoryTables.named(plugin)?.name }

  /// Reads a dump and tells the sink all there is in it. Damage leaves gaps, which the summary counts; a dump without a
  /// kernel that can be read leaves one sentence, and so do types that are of another kernel.
  public static func run(
    _ image: any MemoryImage, options: Options, into sink: any ResultSink
  ) -> MemorySummary {
    let memory = PhysicalMemory(image)
    var summary = MemorySummary()
    let kernel: Kernel
    do {
      kernel = try self.kernel(of: memory, typeFile: options.typeFile, without: options.without)
    } catch {
      summary.failures.append(error.sentence)
      if error.isRefusal { summary.refusal = error.sentence }
      return summary
    }
    let snapshot = Snapshot(kernel)
    let wanted = options.views.map { names in names.compactMap { MemoryTables.named($0)?.name } }
    for view in MemoryTables.all where wanted?.contains(view.name) ?? true {
      var table = TableWriter(view: view.name, sink: sink)
      view.write(snapshot, to: &table)
      summary.rowCounts[view.name] = table.count
    }
    if wanted == nil {
      MemoryEvents(snapshot: snapshot, sink: sink).tell()
      MemoryRules.check(snapshot, artifact: options.artifact, into: sink)
    }
    summary.describe(snapshot)
    return summary
  }

  /// The kernel of a dump, by types of its own or from the user.
  static func kernel(
    of memory: PhysicalMemory, typeFile: [UInt8]? = nil, without: KernelSearch.Ways = []
  ) throws(KernelSearch.Failure) -> Kernel {
    guard let typeFile else { return try KernelSearch(memory: memory, without: without).open() }
    guard let given = TypeFile(typeFile) else {
      throw KernelSearch.Failure(
        sentence: "the file with types is neither BTF, nor an ELF file with BTF, nor a Volatility 3 symbol file",
        isRefusal: true)
    }
    return try KernelSearch(memory: memory, given: given, without: without).open()
  }

  /// A Volatility 3 symbol file (ISF) of the dump's own kernel, as JSON: 10 to 20 MB. Put beside Volatility's others, it is
  /// found by the kernel's banner.
  ///
  /// - Returns: nil with a sentence where the dump has no kernel, no types or no symbols.
  public static func symbolFile(of image: any MemoryImage) -> (json: [UInt8]?, failure: String?) {
    do {
      let kernel = try KernelSearch(memory: PhysicalMemory(image)).open()
      guard let json = ISFExport(kernel: kernel).json() else {
        return (nil, "the dump holds no type information (BTF) or no symbols (kallsyms)")
      }
      return (json, nil)
    } catch {
      return (nil, error.sentence)
    }
  }
}
