"""What is public and what is not, and what every odd spelling of a host means."""

import ipaddress

import pytest

from legate_core.egress.addresses import host_in_url, is_public, literal, read_host
from legate_core.errors import Invalid

# First, last and one in the middle of every block that no stranger may lead to.
NOT_PUBLIC_BLOCKS = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    "::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "2001::/32", "2001:1::/32", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28",
    "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20",
    "4000::/3", "5f00::/16", "8000::/1", "fc00::/7", "fd00::/8", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip

NOT_PUBLIC = [
    "100.100.100.200",  # metadata of Alibaba's cloud
    "169.254.169.254",
    "169.254.170.2",
    "192.0.0.192",  # metadata of Oracle's cloud
    "255.255.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "fd00:ec2::254",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2606:4700::5efe:10.0.0.1",  # ISATAP
    "2606:4700::200:5efe:10.0.0.1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "",
    "example.com",
    "8.8.8.8.8",
    "0x8.8.8.8",
    "08.8.8.8",
    " 8.8.8.8",
    "8.8.8.8/32",
]

PUBLIC = [
    "1.0.0.1", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.215.14", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "151.101.1.67", "168.63.129.15", "168.63.129.17", "169.253.255.255",
    "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
    "223.255.255.255", "2001:200::1", "2001:470:1:18::119", "2001:4860:4860::8888", "2003::1", "2400:cb00:2048:1::1",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2606:4700:4700::1111", "2606:4700::5eff:10.0.0.1",
    "2620:fe::fe", "2a00:1450:4001:830::200e", "3ffd:ffff::1",
]  # fmt: skip


def of_block(block: str) -> list[str]:
    network = ipaddress.ip_network(block)
    return sorted({str(network[0]), str(network[network.num_addresses // 2]), str(network[-1])})


@pytest.mark.parametrize("address", [a for block in NOT_PUBLIC_BLOCKS for a in of_block(block)] + NOT_PUBLIC)
def test_what_is_special_in_any_way_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_lies_beside_a_special_block_is_public(address: str):
    assert is_public(address)
    assert is_public(ipaddress.ip_address(address))


SPELLINGS = {
    "127.0.0.1": [
        "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.1.", "2130706433", "2130706433.", "0x7f000001", "0x7F000001",
        "0X7f.1", "0x7f.1", "0x7f.0x0.0x0.0x1", "0x7f.0.1", "127.0x000001", "0x7f.0x1", "127.0.0x1", "0x0000007f.1",
        "%31%32%37.0.0.1", "%3127.1", "127%2e0%2e0%2e1", "127%2E1", "0%787f.1", "0%5878".replace("5878", "587f") + ".1",
        "\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11", "127\u30020\u30020\u30021", "127\uff611",
        "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "\U0001d7d9\U0001d7da\U0001d7df.0.0.1", "0\uff587f.1",
        "127.0.0.\u00ad1", "127.0.\u200b0.1", "12\u20607.0.0.1", "\u00b9\u00b2\u2077.\u2070.\u2070.\u00b9",
        "%EF%BC%91%EF%BC%92%EF%BC%97.1", "%e2%91%a0%e2%91%a1%e2%91%a6.1",
    ],
    "169.254.169.254": ["0xa9.254.43518", "2852039166", "0xa9fea9fe", "169.16689662", "169.254.0xa9fe"],
    "10.0.0.1": ["10.1", "0xa.1", "167772161"],
    "0.0.0.0": ["0", "0.", "0x0", "0.0", "0.0.0", "0x0.0", "0x00000000"],
    "255.255.255.255": ["4294967295", "0xffffffff", "255.255.255.255", "255.0xffffff", "255.255.65535"],
    "192.168.0.1": ["192.168.1", "192.11010049", "3232235521", "0xc0a80001", "0xC0.0xA8.0x0.0x1"],
    "8.8.8.8": ["8.8.8.8", "134744072", "0x08080808", "8.8.2056", "8.526344"],
    "::1": [
        "::1", "[::1]", "0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]", "0000:0000:0000:0000:0000:0000:0000:0001", "::0:1",
        "[%3a%3a1]", "[\uff1a\uff1a\uff11]", "::0001", "::0.0.0.1",
    ],
    "::ffff:7f00:1": ["::ffff:127.0.0.1", "[::FFFF:127.0.0.1]", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:0001"],
    "::7f00:1": ["::127.0.0.1", "[::7f00:1]"],
    "64:ff9b::7f00:1": ["64:ff9b::127.0.0.1", "[64:FF9B::7F00:1]"],
    "fe80::1": ["fe80::1", "[FE80:0::1]"],
}  # fmt: skip


@pytest.mark.parametrize(("address", "spelled"), [(a, s) for a, spelled in SPELLINGS.items() for s in spelled])
def test_every_spelling_gives_the_one_address(address: str, spelled: str):
    assert literal(spelled) == ipaddress.ip_address(address)


REFUSED = [
    "", ".", "..", "%", "%zz", "%00", "%ff", "%2", "%2531", "0177.0.0.1", "0177.1", "017700000001", "127.0.0.01", "00",
    "00.0.0.0", "0127.0.0.1", "08.8.8.8", "09", "127.0.0.08", "256.1.1.1", "1.256.1.1", "1.1.1.256", "1.1.65536",
    "1.16777216", "4294967296", "99999999999", "0x100000000", "0x1ffffffff", "1.2.3.4.5", "1.2.3.4.5.", "1..2", "1.2..3",
    ".127.0.0.1", "127..0.0.1", "127.0.0.1..", "0x", "0x.1", "1.0x", "0xg.1", "foo.1", "foo.0x1", "example.com.0x7f",
    "1e3.1", "+1", "-1", "1_0.1", "0b1.1", "0o177.1", "127.0.0.-1", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1\n",
    "127.0.0.1\x00", "127.0.0.1%00", "127.0.0.1%0a", "127.0.0.1%20", "127.0.0.1/", "127.0.0.1#", "127.0.0.1?x",
    "127.0.0.1@example.com", "127.0.0.1,8.8.8.8", "[127.0.0.1]", "[::1", "::1]", "[[::1]]", "[]", "[::1]x", "x[::1]",
    ":", ":::", "::1::", "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::ffff:0177.0.0.1", "::ffff:256.0.0.1",
    "::ffff:127.1", "fe80::1%eth0", "[fe80::1%25eth0]", "[fe80::1%eth0]", "::1%lo", "[fe80%3a%3a1%25eth0]", "::1%0",
    "\u2488.1", "\u0661\u0662\u0667.1", "\u096f.1", "example.\u0661", "a b.com", "exa\tmple.com", "example.com\\",
    "exa/mple.com", "a\uff0fb.com", "a\u2100b.com", "ex@mple.com", "ex:ample.com", "example..com", ".example.com",
    "example.com..", "-a.com", "a-.com", "a" * 64 + ".com", "a." * 127 + "toolong", "a" * 1_001, "\ud800.com",
    "xn--\u00e9.com", "\u0000.com", "exam\u202eple.com", "\u0300a.com", "*.example.com", "<a>.com", "a'b.com",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED)
def test_what_has_no_single_meaning_is_refused(host: str):
    with pytest.raises(Invalid, match=r"Give a plain host name like example\.com\.$"):
        literal(host)


NAMES = {
    "example.com": ["example.com", "EXAMPLE.com", "example.com.", "ex%61mple.com", "\uff45xample.com", "example\u3002com"],
    "localhost": ["localhost", "LocalHost.", "\u2113ocalhost", "loc\u00adalhost"],
    "xn--mnchen-3ya.de": ["m\u00fcnchen.de", "M\u00dcNCHEN.de", "xn--mnchen-3ya.de", "mu\u0308nchen.de"],
    "a_b.example.com": ["a_b.example.com"],
    "1.example.com": ["1.example.com"],
    "127.0.0.1.example.com": ["127.0.0.1.example.com"],
    "0xg": ["0xg"],
    "deadbeef": ["deadbeef"],
    "1e3": ["1e3"],
    "com": ["com"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "spelled"), [(n, s) for n, spelled in NAMES.items() for s in spelled])
def test_a_name_has_one_form(name: str, spelled: str):
    assert literal(spelled) is None
    assert read_host(spelled) == name


def test_only_ipv6_stands_in_brackets():
    hosts = ("example.com", "8.8.8.8", "2606:4700::1111")
    assert [host_in_url(read_host(host)) for host in hosts] == ["example.com", "8.8.8.8", "[2606:4700::1111]"]
