package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.workload.PacketText;
import dev.spinbpf.vm.stress.Packets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --packets}: what arrives. */
final class PacketsOption {
    @Option(
            names = "--packets",
            paramLabel = "mixed[:N]|flows[:N]|FILE.pcap",
            description = "The packets that arrive: of 32 kinds (TCP, ICMP, ARP, IPv6, replies, VLAN tags, fragments,"
                    + " tunnels, frames that are cut off), short UDP packets of N flows, or those of a capture (default: those"
                    + " of mixed and of 64 flows).")
    private @Nullable String packets;

    boolean isGiven() {
        return packets != null;
    }

    /** Returns the packets that are given. */
    Packets packets() throws InputException {
        String text = packets;
        if (text == null) {
            return Packets.USUAL;
        }
        try {
            Packets made = PacketText.parse(text);
            return made == null ? PacketText.capture(InputFiles.open(Path.of(text))) : made;
        } catch (IllegalArgumentException e) {
            throw new InputException("--packets: " + e.getMessage());
        }
    }
}
