"""chainrule.vision: what answers for torchvision."""

import gzip
import importlib.util
import pickle
import struct

import numpy as np
import pytest
from extras import need

import chainrule as cr
from chainrule import vision
from chainrule.vision import datasets, transforms
from chainrule.vision.transforms import InterpolationMode
from chainrule.vision.transforms import functional as VF


def idx(array):
    code = {"uint8": 8, "int32": 12, "float32": 13}[array.dtype.name]
    head = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def write_mnist(folder, pictures, part="train", compress=False):
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(len(pictures), dtype=np.uint8)
    for kind, array in (("images-idx3", pictures), ("labels-idx1", labels)):
        name, data = f"{part}-{kind}-ubyte", idx(array)
        (folder / (name + ".gz" * compress)).write_bytes(gzip.compress(data) if compress else data)


# --- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_read_idx(tmp_path, dtype):
    array = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    (tmp_path / "x").write_bytes(idx(array))
    read = datasets.read_idx(tmp_path / "x")
    assert read.dtype == dtype and read.dtype.isnative and np.array_equal(read, array)


def test_read_idx_refuses(tmp_path):
    whole = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
    for data, message in [(b"PNG", "no idx file"), (b"\0\0\x08", "no idx file"), (whole[:-1], "holds 5 bytes")]:
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(ValueError, match=message):
            datasets.read_idx(tmp_path / "x")
    (tmp_path / "x").write_bytes(whole[:3] + b"\x03" + whole[4:])
    with pytest.raises(ValueError, match="says shape"):
        datasets.read_idx(tmp_path / "x")


@pytest.mark.parametrize("kind", [datasets.MNIST, datasets.FashionMNIST, datasets.KMNIST])
@pytest.mark.parametrize("compress", [False, True])
def test_mnist(tmp_path, pictures, kind, compress):
    need("PIL")
    write_mnist(tmp_path / kind.__name__ / "raw", pictures, "t10k", compress)
    data = kind(tmp_path, train=False, download=True, target_transform=lambda label: -label)
    assert len(data) == 5 and data.data.dtype == cr.uint8 and data.targets.tolist() == [0, 1, 2, 3, 4]
    picture, label = data[3]
    assert (picture.mode, label) == ("L", -3) and np.array_equal(np.asarray(picture), pictures[3])
    assert len(data.classes) == 10 and data.class_to_idx[data.classes[7]] == 7
    assert "Split: Test" in repr(data) and data.test_data is data.data


def test_mnist_without_files(tmp_path, pictures, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte.*MNIST/raw.*downloads nothing.*=digits"):
        datasets.MNIST(tmp_path, download=True)
    write_mnist(tmp_path / "MNIST" / "raw", pictures)
    monkeypatch.setattr(datasets, "have_pillow", lambda: False)
    picture, _ = datasets.MNIST(tmp_path)[1]
    assert isinstance(picture, np.ndarray) and np.array_equal(picture, pictures[1])
    assert datasets.MNIST(tmp_path, transform=transforms.ToTensor())[0][0].shape == (1, 28, 28)


def test_digits_stand_in(tmp_path, monkeypatch):
    need("sklearn")
    monkeypatch.setenv(datasets.DATA_VARIABLE, "digits")
    train, test = datasets.MNIST(tmp_path), datasets.MNIST(tmp_path, train=False)
    assert (len(train), len(test)) == (1437, 360) and train.data.shape == (1437, 28, 28)
    assert (
        train.data.max() == 255 and train.data[:, :2].sum() == 0 and sorted(set(test.targets.tolist())) == [*range(10)]
    )


def write_cifar(folder, train, names, key):
    folder.mkdir()
    rows = np.random.default_rng(1).integers(0, 256, (4, 3072), dtype=np.uint8)
    for i, name in enumerate([*train, "test_batch" if len(train) > 1 else "test"]):
        batch = {"data": rows[i % 4 :], key: [*range(i % 4, 4)]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    meta = {"label_names" if key == "labels" else "fine_label_names": names}
    (folder / ("batches.meta" if key == "labels" else "meta")).write_bytes(pickle.dumps(meta, protocol=2))
    return rows


def test_cifar(tmp_path):
    need("PIL")
    batches = [f"data_batch_{i}" for i in range(1, 6)]
    rows = write_cifar(tmp_path / "cifar-10-batches-py", batches, ["cat", "dog", "hat", "mat"], "labels")
    data = datasets.CIFAR10(str(tmp_path))
    assert data.data.shape == (4 + 3 + 2 + 1 + 4, 32, 32, 3) and data.targets[:5] == [0, 1, 2, 3, 1]
    picture, label = data[1]
    assert np.array_equal(np.asarray(picture), rows[1].reshape(3, 32, 32).transpose(1, 2, 0)) and label == 1
    assert data.classes[2] == "hat" and data.class_to_idx["mat"] == 3
    write_cifar(tmp_path / "cifar-100-python", ["train"], ["a", "b", "c", "d"], "fine_labels")
    assert len(datasets.CIFAR100(str(tmp_path), train=False)) == 3
    with pytest.raises(FileNotFoundError, match=r"CIFAR10: data_batch_1.*nowhere/cifar-10-batches-py.*put them there"):
        datasets.CIFAR10(str(tmp_path / "nowhere"))


def test_cifar_runs_no_code(tmp_path):
    class Trap:
        def __reduce__(self):
            return print, ("trapped",)

    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("data_batch_1", "batches.meta"):
        (folder / name).write_bytes(pickle.dumps({"data": Trap()}))
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print"):
        datasets.CIFAR10(str(tmp_path))


def test_image_folder(tmp_path):
    image = need("PIL.Image")
    for i, name in enumerate(["b/1.png", "a/2.png", "a/1.png", "a/notes.txt"]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith("png"):
            image.new("L", (4, 3), 10 * i).save(path)
        else:
            path.write_text("no picture")
    data = datasets.ImageFolder(str(tmp_path), transform=transforms.PILToTensor())
    assert data.classes == ["a", "b"] and data.targets == [0, 0, 1] and data.samples == data.imgs
    assert [int(picture[0, 0, 0]) for picture, _ in data] == [20, 10, 0] and data[0][0].shape == (3, 3, 4)
    (tmp_path / "c").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no valid file .* \['c'\]"):
        datasets.ImageFolder(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no folder in"):
        datasets.ImageFolder(str(tmp_path / "c"))


def test_fake_data():
    data = datasets.FakeData(3, (1, 5, 4), num_classes=4, transform=transforms.ToTensor())
    cr.manual_seed(0)
    before = cr.get_rng_state()
    assert len(data) == 3 and data[1][0].shape == (1, 5, 4) and cr.equal(data[1][0], data[1][0])
    assert cr.equal(before, cr.get_rng_state()) and isinstance(data[2][1], int)
    with pytest.raises(IndexError, match="index 3"):
        data[3]


# --- transforms --------------------------------------------------------------------------------------------------


def kinds(array):
    """An array (H, W, C) as each kind of picture."""
    return [array, need("PIL.Image").fromarray(array), cr.from_numpy(np.moveaxis(array, 2, 0).copy())]


def as_array(picture):
    return np.moveaxis(picture.numpy(), 0, 2) if isinstance(picture, cr.Tensor) else np.asarray(picture)


@pytest.fixture
def colour():
    return np.random.default_rng(2).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def framed(array):
    return np.stack([np.pad(array[..., i], 1, constant_values=9 - i) for i in range(3)], 2)


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda p: VF.hflip(p), lambda a: a[:, ::-1]),
        (lambda p: VF.vflip(p), lambda a: a[::-1]),
        (lambda p: VF.crop(p, 1, 2, 3, 2), lambda a: a[1:4, 2:4]),
        (lambda p: VF.crop(p, -1, 3, 4, 4), lambda a: np.pad(a, ((1, 0), (0, 2), (0, 0)))[:4, 3:]),
        (lambda p: VF.center_crop(p, (2, 3)), lambda a: a[2:4, 1:4]),
        (lambda p: VF.center_crop(p, 8), lambda a: np.pad(a, ((1, 1), (1, 2), (0, 0)))),
        (lambda p: VF.pad(p, (1, 2)), lambda a: np.pad(a, ((2, 2), (1, 1), (0, 0)))),
        (lambda p: VF.pad(p, 1, (9, 8, 7)), framed),
        (lambda p: VF.pad(p, [1, 0, 2, 1], 0, "reflect"), lambda a: np.pad(a, ((0, 1), (1, 2), (0, 0)), "reflect")),
        (lambda p: VF.rotate(p, 180), lambda a: a[::-1, ::-1]),
        (lambda p: VF.resize(p, (12, 10), InterpolationMode.NEAREST), lambda a: a.repeat(2, 0).repeat(2, 1)),
    ],
)  # fmt: skip
def test_places(colour, change, expected):
    for picture in kinds(colour):
        changed = change(picture)
        assert type(changed) is type(picture) or not isinstance(changed, cr.Tensor)
        assert np.array_equal(as_array(changed), expected(colour))


def test_pillow_is_looked_for_once(monkeypatch):
    """Not for every picture: the search goes through folders."""
    asked, find = [], importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: asked.append(name) or find(name))
    data = datasets.FakeData(size=5, image_size=(1, 2, 2))
    vision._pillow.have_pillow.cache_clear()
    assert len([data[i] for i in range(5)]) == 5 and asked == ["PIL"]


@pytest.mark.parametrize("size", [(3, 4), (9, 7), (6, 2), 3])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resize_as_pytorch_and_pillow(torch, colour, size, mode):
    tensor = kinds(colour)[2]
    interpolation = InterpolationMode(mode)
    ours = VF.resize(tensor.float(), size, interpolation)
    target = (3, 3) if size == 3 else size
    target = (int(3 * 6 / 5), 3) if size == 3 else target
    assert tuple(ours.shape[-2:]) == target
    for antialias in (True, False):
        theirs = torch.nn.functional.interpolate(
            torch.from_numpy(tensor.float().numpy())[None], target, mode=mode, align_corners=False, antialias=antialias
        )
        ours = VF.resize(tensor.float(), size, interpolation, antialias=antialias)
        np.testing.assert_allclose(ours.numpy(), theirs[0].numpy(), atol=2e-4)
    array, picture, _ = kinds(colour // 2 + 64)  # within the range where nothing is clipped
    difference = as_array(VF.resize(array, size, interpolation)).astype(int) - as_array(
        VF.resize(picture, size, interpolation)
    )
    assert abs(difference).max() <= 1  # Pillow rounds between the two axes


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "bool", "float32", "float64"])
def test_resize_keeps_dtypes(dtype):
    """Integers are rounded and stay in their range: bicubic reaches beyond it."""
    array = (np.arange(64).reshape(8, 8) % 3 == 0) * np.array(250 if dtype == "uint8" else 3000).astype(dtype)
    array = array.astype(dtype)
    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        for antialias in (True, False):
            result = VF.resize(array, (5, 11), InterpolationMode(mode), antialias=antialias)
            exact = VF.resize(array.astype(np.float64), (5, 11), InterpolationMode(mode), antialias=antialias)
            assert result.dtype == dtype and result.shape == (5, 11)
            if dtype not in ("bool", "float32"):
                limits = (0, 255) if dtype == "uint8" else (0, 65535) if dtype == "uint16" else (-(2**15), 2**15)
                exact = exact if dtype == "float64" else exact.round().clip(*limits)
                assert abs(result.astype(np.float64) - exact).max() <= (
                    dtype == "uint8"
                )  # float32 may round the other way


def test_resize_passes_gradients_on():
    x = cr.randn(2, 3, 6, 6, dtype=cr.float64, requires_grad=True)
    assert cr.autograd.gradcheck(lambda x: VF.resize(x, (4, 3)), x)


def test_to_and_from_tensors(colour):
    image = need("PIL.Image")
    array, picture, tensor = kinds(colour)
    assert cr.equal(VF.to_tensor(array), tensor.float() / 255) and cr.equal(VF.to_tensor(picture), tensor.float() / 255)
    assert np.array_equal(np.asarray(VF.to_pil_image(VF.to_tensor(array))), colour)
    assert VF.to_tensor(image.fromarray(colour[:, :, 0] > 99)).dtype == cr.float32
    assert VF.to_tensor(np.ones((2, 3), np.float64)).dtype == cr.float64
    assert VF.to_pil_image(tensor[:1]).mode == "L" and VF.to_pil_image(colour, "L").mode == "L"
    assert cr.equal(VF.convert_image_dtype(VF.convert_image_dtype(tensor, cr.float32), cr.uint8), tensor)
    with pytest.raises(TypeError, match=r"to_tensor: .*got list"):
        VF.to_tensor([1])
    with pytest.raises(ValueError, match=r"to_tensor: .*\(2,\)"):
        VF.to_tensor(np.zeros(2))


def test_normalize():
    x = cr.rand(2, 3, 4, 4)
    mean, std = cr.tensor([0.1, 0.2, 0.3]), cr.tensor([1.0, 2.0, 4.0])
    expected = (x - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)
    assert cr.equal(transforms.Normalize(mean.tolist(), std.tolist())(x), expected)
    assert VF.normalize(x, mean, std, inplace=True) is x and cr.equal(x, expected)
    with pytest.raises(TypeError, match="Put ToTensor"):
        VF.normalize(cr.ones(3, 2, 2, dtype=cr.uint8), mean, std)
    with pytest.raises(ValueError, match="std must not be zero"):
        VF.normalize(x, [0], [0])


def test_colours(colour):
    array, picture, tensor = kinds(colour)
    for change in (VF.adjust_brightness, VF.adjust_contrast, VF.adjust_saturation):
        assert np.array_equal(as_array(change(array, 1.0)), colour)
        assert abs(as_array(change(array, 0.6)).astype(int) - as_array(change(picture, 0.6))).max() <= 2, change
        assert np.array_equal(as_array(change(array, 1.5)), as_array(change(tensor, 1.5)))
    assert VF.rgb_to_grayscale(tensor).shape == (1, 6, 5) and VF.rgb_to_grayscale(picture, 3).mode == "RGB"
    assert (
        abs(as_array(VF.rgb_to_grayscale(array))[:, :, 0].astype(int) - as_array(VF.rgb_to_grayscale(picture))).max()
        <= 1
    )
    assert abs(as_array(VF.adjust_hue(picture, 0.0)).astype(int) - colour).max() <= 10  # there and back through HSV
    with pytest.raises(TypeError, match="Put ToPILImage"):
        VF.adjust_hue(tensor, 0.1)


def test_random_transforms_draw_as_torchvision_does(colour):
    tensor = cr.from_numpy(np.moveaxis(colour, 2, 0).copy())
    cr.manual_seed(0)
    flipped = [cr.equal(transforms.RandomHorizontalFlip()(tensor), VF.hflip(tensor)) for _ in range(8)]
    cr.manual_seed(0)
    assert flipped == [float(cr.rand(1)) < 0.5 for _ in range(8)] and 0 < sum(flipped) < 8
    cr.manual_seed(1)
    part = transforms.RandomCrop(4, padding=2)(tensor)
    cr.manual_seed(1)
    top, left = int(cr.randint(0, 7, (1,))), int(cr.randint(0, 6, (1,)))
    assert cr.equal(part, VF.crop(VF.pad(tensor, 2), top, left, 4, 4))
    with pytest.raises(ValueError, match="pad_if_needed"):
        transforms.RandomCrop(7)(tensor)
    assert transforms.RandomCrop(7, pad_if_needed=True)(tensor).shape == (3, 7, 7)


@pytest.mark.parametrize(
    "transform, shape",
    [
        (transforms.RandomResizedCrop(4), (3, 4, 4)),
        (transforms.RandomRotation(30, fill=1), (3, 6, 5)),
        (transforms.ColorJitter(0.4, 0.4, 0.4), (3, 6, 5)),
        (transforms.RandomVerticalFlip(1.0), (3, 6, 5)),
        (transforms.RandomGrayscale(1.0), (3, 6, 5)),
        (transforms.RandomApply([transforms.CenterCrop(2)], p=1.0), (3, 2, 2)),
        (transforms.Compose([transforms.Pad(1), transforms.Resize(4), transforms.Lambda(lambda x: x)]), (3, 4, 4)),
        (transforms.Grayscale(), (1, 6, 5)),
        (transforms.ConvertImageDtype(cr.float32), (3, 6, 5)),
        (transforms.RandomErasing(1.0, value=3), (3, 6, 5)),
        (transforms.GaussianBlur(3), (3, 6, 5)),
        (transforms.RandomInvert(1.0), (3, 6, 5)),
        (transforms.RandomSolarize(128, 1.0), (3, 6, 5)),
        (transforms.RandomChoice([transforms.CenterCrop(2), transforms.Resize((2, 2))]), (3, 2, 2)),
        (transforms.RandomOrder([transforms.Pad(1), transforms.Grayscale()]), (1, 8, 7)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_classes(colour, transform, shape):
    tensor = cr.from_numpy(np.moveaxis(colour, 2, 0).copy())
    cr.manual_seed(0)
    assert tuple(transform(tensor).shape) == shape
    assert repr(transform).startswith(type(transform).__name__ + "(")


def test_blur():
    point = cr.zeros(1, 7, 9, dtype=cr.float64)
    point[0, 3, 4] = 1
    spread = VF.gaussian_blur(point, (5, 3), (0.8, 1.5))
    across, down = (np.exp(-0.5 * (np.arange(n) - n // 2) ** 2 / s**2) for n, s in ((5, 0.8), (3, 1.5)))
    expected = np.outer(down / down.sum(), across / across.sum())
    np.testing.assert_allclose(spread.numpy()[0, 2:5, 2:7], expected, rtol=1e-14)
    assert abs(float(spread.sum()) - 1) < 1e-14
    # The standard deviation that a size stands for; mirrored sides keep a row of one value as it is.
    assert cr.equal(VF.gaussian_blur(point, 3), VF.gaussian_blur(point, [3, 3], 0.8))
    np.testing.assert_allclose(VF.gaussian_blur(cr.ones(2, 3, 6, 5), [5, 3]).numpy(), 1, rtol=1e-6)
    x = cr.rand(3, 6, 5, requires_grad=True)
    VF.gaussian_blur(x, 3).sum().backward()
    assert abs(float(x.grad.sum()) - 90) < 1e-4
    for arguments in [(4,), (3, 0.0), ([3, 3, 3],)]:
        with pytest.raises(ValueError, match=r"gaussian_blur: .* must be one or two"):
            VF.gaussian_blur(point, *arguments)
    for arguments in [(2,), (3, (2.0, 1.0))]:
        with pytest.raises(ValueError, match="GaussianBlur: "):
            transforms.GaussianBlur(*arguments)


def test_blur_and_negatives_of_each_kind(colour):
    tensor = cr.from_numpy(np.moveaxis(colour, 2, 0).copy())
    for function in (lambda x: VF.gaussian_blur(x, 3), VF.invert, lambda x: VF.solarize(x, 100)):
        expected = np.moveaxis(function(tensor).numpy(), 0, 2)
        for kind in kinds(colour)[:2]:
            assert np.array_equal(as_array(function(kind)), as_array(expected))
    assert np.array_equal(as_array(VF.invert(kinds(colour)[1])), 255 - colour)
    assert VF.solarize(cr.tensor([[0.2, 0.9]]), 0.5).tolist()[0] == pytest.approx([0.2, 0.1])


def test_jitter_of_pictures_changes_colours(colour):
    picture = kinds(colour)[1]
    cr.manual_seed(0)
    changed = transforms.ColorJitter(brightness=0.5, hue=(0.2, 0.3))(picture)
    assert changed.mode == "RGB" and not np.array_equal(np.asarray(changed), colour)
    with pytest.raises(ValueError, match="hue is out of range"):
        transforms.ColorJitter(hue=0.7)


# --- grids -------------------------------------------------------------------------------------------------------


def test_make_grid():
    x = cr.arange(5.0).reshape(5, 1, 1, 1).expand(5, 1, 2, 3)
    grid = vision.utils.make_grid(x, nrow=3, padding=1, pad_value=9)
    row = [9, 0, 0, 0, 9, 1, 1, 1, 9, 2, 2, 2, 9]
    assert grid.shape == (3, 7, 13) and grid[2, 1].tolist() == row and grid[0, 4].tolist()[-4:] == [9, 9, 9, 9]
    assert vision.utils.make_grid(x, normalize=True).max() == 1
    each = vision.utils.make_grid(list(cr.arange(8.0).reshape(2, 1, 2, 2)), normalize=True, scale_each=True, padding=0)
    np.testing.assert_allclose(each[0].numpy(), [[0, 1 / 3, 0, 1 / 3], [2 / 3, 1, 2 / 3, 1]], rtol=1e-6)
    assert vision.utils.make_grid(cr.ones(4, 5)).shape == (3, 4, 5)


def test_save_image(tmp_path):
    image = need("PIL.Image")
    vision.utils.save_image(cr.tensor([[0.0, 0.5], [1.0, 2.0]]), tmp_path / "x.png")
    assert np.asarray(image.open(tmp_path / "x.png"))[:, :, 0].tolist() == [[0, 128], [255, 255]]


def test_pictures_in_files(tmp_path, colour):
    need("PIL")
    tensor = cr.from_numpy(np.moveaxis(colour, 2, 0).copy())
    vision.io.write_png(tensor, tmp_path / "x.png")
    assert cr.equal(vision.io.read_image(tmp_path / "x.png"), tensor)
    assert vision.io.read_image(str(tmp_path / "x.png"), vision.io.ImageReadMode.GRAY).shape == (1, 6, 5)
    with pytest.raises(TypeError, match="write_png: a uint8 tensor"):
        vision.io.write_png(tensor.float(), tmp_path / "x.png")


# --- nets --------------------------------------------------------------------------------------------------------


def test_further_nets_have_torchvisions_weights():
    """Names and counts are torchvision's, as are the sums: they tell the order in which random numbers are drawn."""
    cr.manual_seed(0)
    squeeze = vision.models.squeezenet1_1(num_classes=7)
    assert sum(p.numel() for p in squeeze.parameters()) == 726087
    assert sum(p.double().abs().sum().item() for p in squeeze.parameters()) == pytest.approx(49966.766, rel=1e-8)
    assert sum(p.numel() for p in vision.models.squeezenet1_0(num_classes=7).parameters()) == 739015
    dense = vision.models.DenseNet(4, (2, 1), 8, drop_rate=0.1, num_classes=3)
    assert dense(cr.rand(2, 3, 32, 32)).shape == (2, 3)
    names = list(dense.state_dict())
    assert (
        names[6] == "features.denseblock1.denselayer1.norm1.weight"
        and names[-3] == "features.norm3.num_batches_tracked"
    )
    assert "features.transition1.conv.weight" in names and names[-1] == "classifier.bias"
    assert vision.models.alexnet(num_classes=2)(cr.rand(1, 3, 63, 63)).shape == (1, 2)
    with pytest.raises(RuntimeError, match="downloads no weights"):
        vision.models.densenet121(pretrained=True)
    with pytest.raises(ValueError, match="version must be one of"):
        vision.models.SqueezeNet("2")


def test_resnets():
    cr.manual_seed(0)
    net = vision.models.resnet50(num_classes=3)
    state = net.state_dict()
    assert "layer1.0.downsample.1.running_mean" in state and "layer4.2.bn3.weight" in state and len(state) == 320
    assert sum(p.numel() for p in net.parameters()) == 25557032 - 997 * 2049
    small = vision.models.resnet18(num_classes=3)
    assert small.eval()(cr.randn(2, 3, 33, 33)).shape == (2, 3)
    assert sum(p.numel() for p in small.parameters()) == 11689512 - 997 * 513
    quiet = vision.models.resnet18(num_classes=3, zero_init_residual=True)
    assert all((block.bn2.weight == 0).all() and (block.bn1.weight == 1).all() for block in quiet.layer2)
    with pytest.raises(TypeError, match=r"resnet18: the options are num_classes and zero_init_residual, got classes"):
        vision.models.resnet18(classes=3)
    with pytest.raises(RuntimeError, match=r"resnet18: chainrule downloads no weights. Pass weights=None"):
        vision.models.resnet18(weights="DEFAULT")


def test_vgg():
    net = vision.models.vgg.VGG(cr.nn.Sequential(*vision.models.vgg._features([[4], [512]], True)), 2, False)
    assert net.eval()(cr.randn(1, 3, 8, 8)).shape == (1, 2) and len(net.features) == 8
    layers = list(vision.models.vgg._features(vision.models.vgg._STAGES["vgg16"], False))
    assert len(layers) == 31 and sum(p.numel() for layer in layers for p in layer.parameters()) == 14714688
    with pytest.raises(RuntimeError, match="vgg19: chainrule downloads no weights"):
        vision.models.vgg19(pretrained=True)
