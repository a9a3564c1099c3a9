package dev.spinbpf.programs.btf;

/** The question that a CO-RE relocation asks: {@code enum bpf_core_relo_kind}, in its order. */
enum CoreKind {
    FIELD_BYTE_OFFSET("byte_off", Subject.FIELD),
    FIELD_BYTE_SIZE("byte_sz", Subject.FIELD),
    FIELD_EXISTS("field_exists", Subject.FIELD),
    FIELD_SIGNED("signed", Subject.FIELD),
    FIELD_LSHIFT_U64("lshift_u64", Subject.FIELD),
    FIELD_RSHIFT_U64("rshift_u64", Subject.FIELD),
    TYPE_ID_LOCAL("local_type_id", Subject.TYPE),
    TYPE_ID_TARGET("target_type_id", Subject.TYPE),
    TYPE_EXISTS("type_exists", Subject.TYPE),
    TYPE_SIZE("type_size", Subject.TYPE),
    ENUMVAL_EXISTS("enumval_exists", Subject.ENUM_VALUE),
    ENUMVAL_VALUE("enumval_value", Subject.ENUM_VALUE),
    TYPE_MATCHES("type_matches", Subject.TYPE);

    /** The thing that is looked for in the target. */
    enum Subject {
        FIELD,
        TYPE,
        ENUM_VALUE
    }

    private final String display;
    private final Subject subject;

    CoreKind(String display, Subject subject) {
        this.display = display;
        this.subject = subject;
    }

    /** libbpf's word for it. */
    String display() {
        return display;
    }

    Subject subject() {
        return subject;
    }

    static CoreKind of(int number) throws CoreException {
        CoreKind[] kinds = values();
        if (number < 0 || number >= kinds.length) {
            throw new CoreException("unrecognized CO-RE relocation unknown (" + number + ")");
        }
        return kinds[number];
    }
}
