package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelHook;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The prototypes of {@link KernelHook}s as types; structs among them have no members. */
public final class HookTypes {
    private final List<BtfType> types = new ArrayList<>(List.of(new BtfType.Void()));
    private final Map<String, Integer> ids = new HashMap<>();
    private final Map<KernelHook, Integer> protos = new HashMap<>();

    private final Btf btf;

    HookTypes() {
        ids.put("void", 0);
        for (KernelHook hook : KernelHook.all()) {
            List<BtfType.Param> params = new ArrayList<>();
            for (KernelHook.Argument argument : hook.arguments()) {
                params.add(new BtfType.Param(argument.name(), id(argument.type())));
            }
            int returnType = id(hook.returnType());
            protos.put(hook, add(new BtfType.FuncProto(returnType, List.copyOf(params))));
        }
        btf = new Btf(types);
    }

    /** The types that {@link #proto} refers to. */
    public Btf btf() {
        return btf;
    }

    public BtfType.FuncProto proto(KernelHook hook) {
        return (BtfType.FuncProto) btf.type(protos.getOrDefault(hook, 0));
    }

    private int id(String type) {
        Integer known = ids.get(type);
        if (known != null) {
            return known;
        }
        int id = add(parse(type));
        ids.put(type, id);
        return id;
    }

    private int add(BtfType type) {
        types.add(type);
        return types.size() - 1;
    }

    private BtfType parse(String type) {
        if (type.endsWith("*")) {
            return new BtfType.Ptr(id(type.substring(0, type.length() - 1).strip()));
        }
        if (type.startsWith("const ")) {
            return new BtfType.Modifier(BtfType.ModifierKind.CONST, "", id(type.substring("const ".length())));
        }
        if (type.startsWith("struct ")) {
            return new BtfType.Composite(type.substring("struct ".length()), false, 0, List.of());
        }
        if (type.startsWith("union ")) {
            return new BtfType.Composite(type.substring("union ".length()), true, 0, List.of());
        }
        if (type.startsWith("enum ")) {
            return new BtfType.Enum(type.substring("enum ".length()), Integer.BYTES, false, List.of());
        }
        int bytes =
                switch (type) {
                    case "bool", "char" -> Byte.BYTES;
                    case "short" -> Short.BYTES;
                    case "int", "unsigned int", "u32" -> Integer.BYTES;
                    case "long", "unsigned long", "u64", "ktime_t" -> Long.BYTES;
                    default -> throw new IllegalArgumentException(type);
                };
        return new BtfType.Int(type, bytes, bytes * Byte.SIZE, 0, type.equals("int"), false, type.equals("bool"));
    }
}
