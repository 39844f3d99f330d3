import Testing

@testable import MemoryParse

@Suite struct ProgramsTests {
  @Test func knowsProgramsByTheNameOfTheirFile() {
    #expect(Programs.family("/usr/bin/python3.11") == "python")
    #expect(Programs.family("/usr/bin/nc.openbsd") == "nc.openbsd")
    #expect(Programs.base("/tmp/.x (deleted)") == ".x")
    #expect(Programs.family("/opt/7") == "7")
  }

  @Test func knowsNamesOfKernelThreads() {
    #expect(MasqueradeRule.isKernelThread("[kworker/u4:9]"))
    #expect(MasqueradeRule.isKernelThread("kworker/0:1"))
    #expect(!MasqueradeRule.isKernelThread("[celeryd: worker]"))
    #expect(!MasqueradeRule.isKernelThread("sshd: admin@pts/2"))
    #expect(!MasqueradeRule.isKernelThread(""))
  }

  @Test func knowsOpenPlacesAndHiddenNames() {
    #expect(Programs.isOpenToAll("/dev/shm/a"))
    #expect(!Programs.isOpenToAll("/usr/tmp-tool"))
    #expect(Programs.isHidden("/home/a/.cache/x"))
    #expect(!Programs.isHidden("/usr/lib/x.so.1"))
  }

  @Test func knowsPrivateAddresses() {
    #expect(LookupConnectionRule.isPrivate("172.31.0.2"))
    #expect(!LookupConnectionRule.isPrivate("172.32.0.2"))
    #expect(!LookupConnectionRule.isPrivate("203.0.113.66"))
  }
}
