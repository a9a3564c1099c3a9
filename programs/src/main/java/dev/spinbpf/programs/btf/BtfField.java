package dev.spinbpf.programs.btf;

import org.jspecify.annotations.Nullable;

/**
 * A field of a value that the kernel manages itself: a lock, a timer, a pointer to an object, a list head, ...
 *
 * @param kind what it is
 * @param offset where it starts in the value, in bytes
 * @param typeId kptrs: the struct pointed to; list and tree roots: the struct contained; else 0. In the value's BTF.
 * @param nodeName list and tree roots: the member of the contained struct that links it, else null
 * @param nodeOffset list and tree roots: offset of that member in bytes, else 0
 */
public record BtfField(
        Kind kind, int offset, int typeId, @Nullable String nodeName, int nodeOffset) {
    /** Size in bytes. */
    public int sizeBytes() {
        return kind.sizeBytes();
    }

    /** Returns the offset of the first byte after the field. */
    public int end() {
        return offset + kind.sizeBytes();
    }

    BtfField shifted(int bytes) {
        return new BtfField(kind, offset + bytes, typeId, nodeName, nodeOffset);
    }

    /**
     * Linux's {@code enum btf_field_type}: name of the type in C, size, alignment, and whether a value has at most one.
     */
    public enum Kind {
        BPF_SPIN_LOCK("bpf_spin_lock", 4, 4, true),
        BPF_RES_SPIN_LOCK("bpf_res_spin_lock", 4, 4, true),
        BPF_TIMER("bpf_timer", 16, 8, true),
        BPF_WORKQUEUE("bpf_wq", 16, 8, true),
        BPF_TASK_WORK("bpf_task_work", 8, 8, true),
        BPF_LIST_HEAD("bpf_list_head", 16, 8, false),
        BPF_LIST_NODE("bpf_list_node", 24, 8, false),
        BPF_RB_ROOT("bpf_rb_root", 16, 8, false),
        BPF_RB_NODE("bpf_rb_node", 32, 8, false),
        BPF_REFCOUNT("bpf_refcount", 4, 4, true),
        BPF_KPTR_UNREF("kptr_untrusted", 8, 8, false),
        BPF_KPTR_REF("kptr", 8, 8, false),
        BPF_KPTR_PERCPU("percpu_kptr", 8, 8, false),
        BPF_UPTR("uptr", 8, 8, false);

        private final String typeName;
        private final int sizeBytes;
        private final int alignment;
        private final boolean unique;

        Kind(String typeName, int sizeBytes, int alignment, boolean unique) {
            this.typeName = typeName;
            this.sizeBytes = sizeBytes;
            this.alignment = alignment;
            this.unique = unique;
        }

        /** Name of the struct in C; for pointers the type tag that marks them. */
        public String typeName() {
            return typeName;
        }

        /** Size in bytes. */
        public int sizeBytes() {
            return sizeBytes;
        }

        /** Alignment in bytes. A field that is not aligned is an ordinary one. */
        public int alignment() {
            return alignment;
        }

        /** Returns true if a value may hold only one. */
        public boolean unique() {
            return unique;
        }

        /** A kptr or uptr. */
        public boolean isPointer() {
            return switch (this) {
                case BPF_KPTR_UNREF, BPF_KPTR_REF, BPF_KPTR_PERCPU, BPF_UPTR -> true;
                default -> false;
            };
        }

        /** The root of a list or tree. */
        public boolean isGraphRoot() {
            return this == BPF_LIST_HEAD || this == BPF_RB_ROOT;
        }
    }
}
