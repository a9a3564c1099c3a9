package dev.spinbpf.vm.helper;

/**
 * Kernel functions of queueing disciplines. Their packets are the events' objects, which nobody sends: one that is dropped or
 * freed is no one's any more, and a queue that is to be watched is asked again anyhow.
 */
final class QueueKfuncs {
    private static final int ODD_MULTIPLIER = 0x9E3779B1;
    private static final int ALIGNMENT_BITS = 6;

    private QueueKfuncs() {}

    static void register(FunctionTable table) {
        table.kfunc("bpf_skb_get_hash", (_, packet, _, _, _, _) -> hash(packet));
        for (String effect : new String[] {
            "bpf_kfree_skb", "bpf_qdisc_skb_drop", "bpf_qdisc_watchdog_schedule", "bpf_qdisc_bstats_update"
        }) {
            table.kfunc(effect, (_, _, _, _, _, _) -> 0);
        }
    }

    /** The hash of a packet's flow: as each object stands for a flow of its own, that of its address. */
    private static long hash(long packet) {
        int hash = (int) (packet >>> ALIGNMENT_BITS) * ODD_MULTIPLIER;
        return Integer.toUnsignedLong(hash);
    }
}
