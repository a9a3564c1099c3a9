package dev.spinbpf.programs.btf;

import dev.spinbpf.programs.btf.BtfField.Kind;
import dev.spinbpf.programs.linux.Errno;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds special fields in a type, nested structs and arrays of them included.
 *
 * <p>The rules are those of Linux's {@code btf_parse_fields}: a struct is recognised by its name and size only where it
 * is named directly (a typedef of it is an ordinary field); a kind of which a value has at most one is refused
 * (--Errno.E2BIG) when it occurs twice; arrays may repeat pointers and roots only (--Errno.EINVAL); at most eleven
 * fields (--Errno.E2BIG); fields must not overlap or come out of order (--Errno.EEXIST); one value has one kind of lock
 * (--Errno.EINVAL), and a root needs one (--Errno.EINVAL).
 */
final class BtfFieldParser {
    private static final int MAX_FIELDS = 11;
    private static final int MAX_RESOLVE_DEPTH = 32;
    private static final String CONTAINS_TAG = "contains:";

    private final Btf btf;
    private final Set<Kind> kinds;
    private final Set<Kind> seen = EnumSet.noneOf(Kind.class);
    private int room = MAX_FIELDS;

    private BtfFieldParser(Btf btf, Set<Kind> kinds) {
        this.btf = btf;
        this.kinds = kinds;
    }

    static BtfRecord parse(Btf btf, int typeId, Set<Kind> kinds, long valueSize) {
        try {
            BtfFieldParser parser = new BtfFieldParser(btf, kinds);
            List<BtfField> fields;
            if (btf.resolved(typeId) instanceof BtfType.Composite struct && !struct.isUnion()) {
                fields = parser.ofStruct(struct, btf.resolve(typeId), 0);
            } else if (btf.resolved(typeId) instanceof BtfType.DataSec section) {
                fields = parser.ofSection(section);
            } else {
                throw new FieldException(-Errno.EINVAL);
            }
            check(fields, valueSize);
            List<BtfField> sorted = new ArrayList<>(fields);
            sorted.sort(Comparator.comparingInt(BtfField::offset));
            return sorted.isEmpty() ? BtfRecord.EMPTY : new BtfRecord(List.copyOf(sorted), 0);
        } catch (FieldException e) {
            return new BtfRecord(List.of(), e.errno);
        }
    }

    private static void check(List<BtfField> fields, long valueSize) throws FieldException {
        int next = 0;
        Set<Kind> found = EnumSet.noneOf(Kind.class);
        for (BtfField field : fields) {
            if (field.end() > valueSize) {
                throw new FieldException(-Errno.EFAULT);
            }
            if (field.offset() < next) {
                throw new FieldException(-Errno.EEXIST);
            }
            next = field.end();
            found.add(field.kind());
        }
        boolean spinLock = found.contains(Kind.BPF_SPIN_LOCK);
        boolean resSpinLock = found.contains(Kind.BPF_RES_SPIN_LOCK);
        boolean root = found.contains(Kind.BPF_LIST_HEAD) || found.contains(Kind.BPF_RB_ROOT);
        boolean twoNodes = found.contains(Kind.BPF_LIST_NODE) && found.contains(Kind.BPF_RB_NODE);
        if (spinLock && resSpinLock
                || root && !spinLock && !resSpinLock
                || twoNodes && !found.contains(Kind.BPF_REFCOUNT)) {
            throw new FieldException(-Errno.EINVAL);
        }
    }

    private List<BtfField> ofStruct(BtfType.Composite struct, int structId, int depth) throws FieldException {
        List<BtfField> found = new ArrayList<>();
        for (int i = 0; i < struct.members().size(); i++) {
            BtfType.Member member = struct.members().get(i);
            if (member.bitOffset() % 8 != 0) {
                throw new FieldException(-Errno.EINVAL);
            }
            Site site = new Site(structId, i, member.bitOffset() / 8, 0);
            found.addAll(ofField(member.typeId(), site, depth));
        }
        return found;
    }

    private List<BtfField> ofSection(BtfType.DataSec section) throws FieldException {
        List<BtfField> found = new ArrayList<>();
        for (BtfType.SecVar secVar : section.vars()) {
            if (btf.type(secVar.varTypeId()) instanceof BtfType.Var variable) {
                Site site = new Site(secVar.varTypeId(), -1, secVar.offset(), secVar.sizeBytes());
                found.addAll(ofField(variable.typeId(), site, 0));
            }
        }
        return found;
    }

    /**
     * The place where a field is declared.
     *
     * @param ownerId the struct or variable that a declaration tag of the field is attached to
     * @param component index of the member, -1 for a variable
     * @param expectedSize size that the section states, 0 in a struct
     */
    private record Site(int ownerId, int component, long offset, long expectedSize) {}

    private List<BtfField> ofField(int declaredTypeId, Site site, int depth) throws FieldException {
        int typeId = declaredTypeId;
        long count = 1;
        for (int i = 0; btf.type(typeId) instanceof BtfType.Array array; i++) {
            if (i == MAX_RESOLVE_DEPTH) {
                throw new FieldException(-Errno.E2BIG);
            }
            count = count * array.count() & 0xffffffffL;
            typeId = array.elementTypeId();
        }
        if (count == 0) {
            return List.of();
        }
        BtfType type = btf.type(typeId);
        boolean isStruct = type instanceof BtfType.Composite composite && !composite.isUnion();
        Kind named = kindByName(type.name());
        if (named == null && type instanceof BtfType.Composite nested && isStruct) {
            return ofNested(nested, typeId, site, count, depth);
        }
        int size = named == null ? Long.BYTES : named.sizeBytes();
        int alignment = named == null ? Long.BYTES : named.alignment();
        if (site.expectedSize() != 0 && site.expectedSize() != size * count || site.offset() % alignment != 0) {
            return List.of();
        }
        BtfField field = named == null ? pointer(type, site) : named(named, type, isStruct, site);
        if (field == null) {
            return List.of();
        }
        if (room == 0) {
            throw new FieldException(-Errno.E2BIG);
        }
        return repeat(List.of(field), count, size);
    }

    private List<BtfField> ofNested(BtfType.Composite nested, int id, Site site, long count, int depth)
            throws FieldException {
        if (site.expectedSize() != 0 && site.expectedSize() != nested.sizeBytes() * count) {
            return List.of();
        }
        if (depth + 1 >= MAX_RESOLVE_DEPTH) {
            throw new FieldException(-Errno.E2BIG);
        }
        int roomBefore = room;
        List<BtfField> inner = ofStruct(nested, id, depth + 1);
        room = roomBefore;
        if (inner.isEmpty()) {
            return inner;
        }
        List<BtfField> moved = new ArrayList<>(inner.size());
        for (BtfField field : inner) {
            moved.add(field.shifted((int) site.offset()));
        }
        return repeat(moved, count, nested.sizeBytes());
    }

    /** The fields of all elements of an array, and the account of how many fields there may still be. */
    private List<BtfField> repeat(List<BtfField> element, long count, long elementSize) throws FieldException {
        for (BtfField field : element) {
            if (count > 1 && !field.kind().isPointer() && !field.kind().isGraphRoot()) {
                throw new FieldException(-Errno.EINVAL);
            }
        }
        if (count * element.size() > room) {
            throw new FieldException(-Errno.E2BIG);
        }
        List<BtfField> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            for (BtfField field : element) {
                all.add(field.shifted((int) (i * elementSize)));
            }
        }
        room -= all.size();
        return all;
    }

    private @Nullable Kind kindByName(String name) throws FieldException {
        for (Kind kind : Kind.values()) {
            if (kind.isPointer() || !kinds.contains(kind) || !kind.typeName().equals(name)) {
                continue;
            }
            if (kind.unique() && !seen.add(kind)) {
                throw new FieldException(-Errno.E2BIG);
            }
            return kind;
        }
        return null;
    }

    private @Nullable BtfField named(Kind kind, BtfType type, boolean isStruct, Site site) throws FieldException {
        if (!isStruct || ((BtfType.Composite) type).sizeBytes() != kind.sizeBytes()) {
            return null;
        }
        return kind.isGraphRoot() ? graphRoot(kind, site) : new BtfField(kind, (int) site.offset(), 0, null, 0);
    }

    private @Nullable BtfField pointer(BtfType declared, Site site) throws FieldException {
        BtfType type = declared instanceof BtfType.Modifier modifier && modifier.kind() == BtfType.ModifierKind.VOLATILE
                ? btf.type(modifier.typeId())
                : declared;
        if (!(type instanceof BtfType.Ptr ptr)) {
            return null;
        }
        Kind kind = null;
        int at = ptr.typeId();
        for (int depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
            BtfType step = btf.type(at);
            if (step instanceof BtfType.Typedef typedef) {
                at = typedef.typeId();
                continue;
            }
            if (!(step instanceof BtfType.Modifier modifier)) {
                break;
            }
            Kind tagged = modifier.kind() == BtfType.ModifierKind.TYPE_TAG ? kindByTag(modifier.name()) : null;
            if (tagged != null && kind != null && tagged != kind) {
                throw new FieldException(-Errno.EINVAL);
            }
            kind = tagged != null ? tagged : kind;
            at = modifier.typeId();
        }
        if (kind == null || !kinds.contains(kind)) {
            return null;
        }
        if (!(btf.type(at) instanceof BtfType.Composite struct) || struct.isUnion()) {
            throw new FieldException(-Errno.EINVAL);
        }
        return new BtfField(kind, (int) site.offset(), at, null, 0);
    }

    private static @Nullable Kind kindByTag(String tag) {
        for (Kind kind : Kind.values()) {
            if (kind.isPointer() && kind.typeName().equals(tag)) {
                return kind;
            }
        }
        return null;
    }

    private BtfField graphRoot(Kind kind, Site site) throws FieldException {
        String contains = null;
        for (int id = 1; id < btf.size(); id++) {
            if (btf.type(id) instanceof BtfType.DeclTag tag
                    && tag.typeId() == site.ownerId()
                    && tag.componentIndex() == site.component()
                    && tag.name().startsWith(CONTAINS_TAG)) {
                if (contains != null) {
                    throw new FieldException(-Errno.EINVAL);
                }
                contains = tag.name().substring(CONTAINS_TAG.length());
            }
        }
        int colon = contains == null ? -1 : contains.indexOf(':');
        if (contains == null || colon < 0) {
            throw new FieldException(-Errno.EINVAL);
        }
        int valueId = structNamed(contains.substring(0, colon));
        String node = contains.substring(colon + 1);
        if (node.isEmpty()) {
            throw new FieldException(-Errno.EINVAL);
        }
        Kind nodeKind = kind == Kind.BPF_LIST_HEAD ? Kind.BPF_LIST_NODE : Kind.BPF_RB_NODE;
        return new BtfField(kind, (int) site.offset(), valueId, node, nodeOffset(valueId, node, nodeKind));
    }

    private int structNamed(String name) throws FieldException {
        for (int id : btf.findAll(name)) {
            if (btf.type(id) instanceof BtfType.Composite struct && !struct.isUnion()) {
                return id;
            }
        }
        throw new FieldException(-Errno.ENOENT);
    }

    private int nodeOffset(int structId, String node, Kind nodeKind) throws FieldException {
        int offset = -1;
        for (BtfType.Member member : ((BtfType.Composite) btf.type(structId)).members()) {
            if (!member.name().equals(node)) {
                continue;
            }
            boolean fits = btf.type(member.typeId()) instanceof BtfType.Composite struct
                    && !struct.isUnion()
                    && struct.name().equals(nodeKind.typeName());
            if (offset >= 0 || !fits || member.bitOffset() % (8L * nodeKind.alignment()) != 0) {
                throw new FieldException(-Errno.EINVAL);
            }
            offset = (int) (member.bitOffset() / 8);
        }
        if (offset < 0) {
            throw new FieldException(-Errno.ENOENT);
        }
        return offset;
    }

    private static final class FieldException extends Exception {
        private final int errno;

        FieldException(int errno) {
            super("errno " + errno, null, false, false);
            this.errno = errno;
        }
    }
}
