"""Datasets of pictures, read from local files in the formats that their authors publish. Nothing is downloaded.

With the environment variable CHAINRULE_VISION_DATA=digits the MNIST-like datasets answer with scikit-learn's 1797
handwritten digits, enlarged to 28x28: 1437 to train with, 360 to test.
"""

from __future__ import annotations

import gzip
import importlib
import io
import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule.utils.data import Dataset

from ._pillow import have_pillow, pillow
from .transforms import functional

DATA_VARIABLE = "CHAINRULE_VISION_DATA"


class VisionDataset(Dataset[Any]):
    """Base class: a root folder, and transforms of the picture and of the target."""

    def __init__(
        self,
        root: Any = None,
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transforms, self.transform, self.target_transform = transforms, transform, target_transform

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a dataset must write __len__.")

    def _pair(self, picture: Any, target: Any) -> tuple[Any, Any]:
        """The picture and the target, transformed."""
        if self.transforms is not None:
            return self.transforms(picture, target)
        picture = picture if self.transform is None else self.transform(picture)
        return picture, target if self.target_transform is None else self.target_transform(target)

    def __repr__(self) -> str:
        lines = [f"Dataset {type(self).__name__}", f"    Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"    Root location: {self.root}")
        if hasattr(self, "train"):
            lines.append(f"    Split: {'Train' if vars(self)['train'] else 'Test'}")
        return "\n".join(lines)


def _as_picture(array: np.ndarray) -> Any:
    """Pillow's picture, or the array where Pillow is absent."""
    return pillow("datasets").fromarray(array) if have_pillow() else array


def _not_found(name: str, folder: Any, files: str) -> FileNotFoundError:
    return FileNotFoundError(f"{name}: {files} not found in {folder}. chainrule downloads nothing: put them there.")


# --- MNIST and its sisters ---------------------------------------------------------------------------------------

_IDX_DTYPES = {8: np.uint8, 9: np.int8, 11: np.int16, 12: np.int32, 13: np.float32, 14: np.float64}


def read_idx(path: Any) -> np.ndarray:
    """An array from a file in the idx format, plain or gzipped.

    Two zero bytes, the dtype's code, the number of axes, each axis as a 32-bit number, the values; most significant
    byte first.

    Raises:
        ValueError: the file is not in that format, or its length is not what it says.

    Source: LeCun, Cortes, Burges, the MNIST database of handwritten digits.
    """
    path = Path(path)
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_DTYPES:
        raise ValueError(f"read_idx: {path} is no idx file: it begins with {data[:4]!r}.")
    dtype, axes = np.dtype(_IDX_DTYPES[data[2]]).newbyteorder(">"), data[3]
    shape = np.frombuffer(data[4 : 4 + 4 * axes], ">i4").tolist()
    values = data[4 + 4 * axes :]
    if len(shape) != axes or min(shape, default=0) < 0 or len(values) != int(np.prod(shape)) * dtype.itemsize:
        raise ValueError(f"read_idx: {path} says shape {tuple(shape)} of {dtype}, and holds {len(values)} bytes.")
    return np.frombuffer(values, dtype).astype(dtype.newbyteorder("="), copy=True).reshape(shape)


def _digits(train: bool) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits as 28x28: each of the 8x8 pixels three times in each direction, two zeros around."""
    try:
        load_digits = importlib.import_module("sklearn.datasets").load_digits
    except ModuleNotFoundError as error:
        hint = f"{DATA_VARIABLE}=digits: scikit-learn is required: pip install 'chainrule[vision]'"
        raise ModuleNotFoundError(hint, name="sklearn") from error
    digits = load_digits()
    small = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = np.pad(small.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    part = slice(0, 1437) if train else slice(1437, None)
    return images[part], digits.target[part].astype(np.int64)


class MNIST(VisionDataset):
    """70,000 handwritten digits, 28x28: 60,000 to train with, 10,000 to test.

    Args:
        root: the folder in which MNIST/raw holds the four idx files, plain or gzipped.
        train: which part.
        transform, target_transform: applied to the picture and to the target.
        download: accepted; files that are not there are an error all the same.

    Attributes: data (uint8, (N, 28, 28)), targets (int64), classes, class_to_idx.

    Raises:
        FileNotFoundError: the files are not there.

    Source: LeCun, Cortes, Burges, the MNIST database of handwritten digits; torchvision.datasets.MNIST.
    """

    classes: Sequence[str] = (
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    )

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        self.classes = list(type(self).classes)
        images, labels = self._read()
        self.data, self.targets = chainrule.from_numpy(images), chainrule.from_numpy(labels)

    @property
    def raw_folder(self) -> str:
        """Where the files are looked for."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    @property
    def train_data(self) -> Any:
        """The old name of data."""
        return self.data

    @property
    def train_labels(self) -> Any:
        """The old name of targets."""
        return self.targets

    test_data, test_labels = train_data, train_labels

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        part = "train" if self.train else "t10k"
        found = [self._file(f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
        if all(found):
            images, labels = (read_idx(path) for path in found)
            if images.ndim != 3 or images.dtype != np.uint8 or labels.shape != images.shape[:1]:
                raise ValueError(f"{type(self).__name__}: images {images.shape} do not fit labels {labels.shape}.")
            return images, labels.astype(np.int64)
        if os.environ.get(DATA_VARIABLE) == "digits":
            return _digits(self.train)
        files = f"{part}-images-idx3-ubyte[.gz] and {part}-labels-idx1-ubyte[.gz]"
        error = _not_found(type(self).__name__, self.raw_folder, files)
        raise FileNotFoundError(
            f"{error} Or set {DATA_VARIABLE}=digits (as_torch --digits) to use scikit-learn's digits instead."
        )

    def _file(self, name: str) -> str | None:
        """The path of a file, plain or gzipped, in raw or beside it."""
        for folder in (self.raw_folder, os.path.join(self.root, type(self).__name__), self.root):
            for path in (os.path.join(folder, name), os.path.join(folder, f"{name}.gz")):
                if os.path.isfile(path):
                    return path
        return None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._pair(_as_picture(self.data[index].numpy()), int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)


class FashionMNIST(MNIST):
    """Ten kinds of clothes in MNIST's format; the files are looked for in FashionMNIST/raw.

    Source: Xiao, Rasul, Vollgraf, Fashion-MNIST, 2017.
    """

    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )


class KMNIST(MNIST):
    """Ten characters of old Japanese in MNIST's format; the files are looked for in KMNIST/raw.

    Source: Clanuwat and others, Deep Learning for Classical Japanese Literature, 2018.
    """

    classes = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


# --- CIFAR -------------------------------------------------------------------------------------------------------


class _Reader(pickle.Unpickler):
    """Reads dicts, lists, numbers, strings and NumPy arrays; anything else that a file names is refused."""

    _allowed = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"CIFAR: the file names {module}.{name}, which no batch holds: not read.")
        if name == "_reconstruct":
            return np.zeros(0).__reduce__()[0]
        return super().find_class(module, name)


def _read_batch(path: str) -> Any:
    """A batch of CIFAR's Python version."""
    with open(path, "rb") as file:
        return _Reader(io.BytesIO(file.read()), encoding="latin1").load()


class CIFAR10(VisionDataset):
    """60,000 pictures of ten kinds, 32x32 in colour: 50,000 to train with, 10,000 to test.

    Args:
        root: the folder that holds cifar-10-batches-py, the Python version unpacked.
        train: which part.
        transform, target_transform: applied to the picture and to the target.
        download: accepted; files that are not there are an error all the same.

    Attributes: data (a uint8 array (N, 32, 32, 3)), targets (a list), classes, class_to_idx.

    Raises:
        FileNotFoundError: the files are not there.
        pickle.UnpicklingError: a file holds more than arrays, lists and strings.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; torchvision.datasets.CIFAR10.
    """

    base_folder = "cifar-10-batches-py"
    train_files: Sequence[str] = tuple(f"data_batch_{i}" for i in range(1, 6))
    test_files: Sequence[str] = ("test_batch",)
    meta_file, names_key, labels_key = "batches.meta", "label_names", "labels"

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        batches = [self._load(name) for name in (self.train_files if train else self.test_files)]
        data = np.concatenate([np.asarray(batch["data"], np.uint8).reshape(-1, 3, 32, 32) for batch in batches])
        self.data = np.ascontiguousarray(data.transpose(0, 2, 3, 1))
        self.targets = [int(label) for batch in batches for label in batch[self.labels_key]]
        if len(self.targets) != len(self.data):
            raise ValueError(f"{type(self).__name__}: {len(self.data)} pictures, but {len(self.targets)} labels.")
        self.classes = list(self._load(self.meta_file)[self.names_key])

    def _load(self, name: str) -> Any:
        folder = os.path.join(self.root, self.base_folder)
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            files = ", ".join([*(self.train_files if self.train else self.test_files), self.meta_file])
            raise _not_found(type(self).__name__, folder, files)
        return _read_batch(path)

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._pair(_as_picture(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)


class CIFAR100(CIFAR10):
    """60,000 pictures of a hundred kinds, 32x32 in colour, in cifar-100-python."""

    base_folder = "cifar-100-python"
    train_files, test_files = ("train",), ("test",)
    meta_file, names_key, labels_key = "meta", "fine_label_names", "fine_labels"


# --- folders, and made-up data -----------------------------------------------------------------------------------

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def default_loader(path: Any) -> Any:
    """A picture in red, green and blue from a file."""
    with open(path, "rb") as file:
        return pillow("default_loader").open(file).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files in folders: each folder in root is a class, in the order of the names.

    Args:
        root: the folder.
        loader: reads a file.
        extensions: which files count.
        is_valid_file: which files count, as a function of the path, in place of extensions.

    Attributes: samples (paths and classes), targets, classes, class_to_idx.

    Raises:
        FileNotFoundError: there is no folder, or one has no such file.

    Source: torchvision.datasets.DatasetFolder.
    """

    def __init__(
        self,
        root: Any,
        loader: Callable[[str], Any],
        extensions: Sequence[str] | None = None,
        transform: Any = None,
        target_transform: Any = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if (extensions is None) == (is_valid_file is None):
            raise ValueError(f"{type(self).__name__}: pass either extensions or is_valid_file.")
        endings = tuple(extensions or ())
        valid = is_valid_file or (lambda path: path.lower().endswith(endings))
        self.loader, self.extensions = loader, extensions
        self.classes, self.class_to_idx = self.find_classes(str(root))
        self.samples = [
            (os.path.join(folder, name), label)
            for class_name, label in self.class_to_idx.items()
            for folder, _, names in sorted(os.walk(os.path.join(str(root), class_name), followlinks=True))
            for name in sorted(names)
            if valid(os.path.join(folder, name))
        ]
        self.targets = [label for _, label in self.samples]
        seen = set(self.targets)
        empty = [name for name, label in self.class_to_idx.items() if label not in seen]
        if empty and not allow_empty:
            raise FileNotFoundError(f"{type(self).__name__}: no valid file in {root} for the classes {empty}.")

    def find_classes(self, directory: str) -> tuple[list[str], dict[str, int]]:
        """The names of the folders, and their numbers."""
        classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        if not classes:
            raise FileNotFoundError(f"{type(self).__name__}: no folder in {directory}: each class needs one.")
        return classes, {name: i for i, name in enumerate(classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._pair(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures in folders: root/cat/1.png, root/dog/2.png. Pillow reads them.

    Attributes: samples and imgs (paths and classes), targets, classes, class_to_idx.
    """

    def __init__(
        self,
        root: Any,
        transform: Any = None,
        target_transform: Any = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples


class FakeData(VisionDataset):
    """Pictures of noise with random labels, the same for each index.

    Example:
        >>> from chainrule.vision import datasets, transforms
        >>> data = datasets.FakeData(size=10, image_size=(3, 8, 8), transform=transforms.ToTensor())
        >>> len(data), data[0][0].shape
        (10, chainrule.Size([3, 8, 8]))
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: Sequence[int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Any = None,
        target_transform: Any = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(None, transform=transform, target_transform=target_transform)
        self.size, self.image_size, self.num_classes = size, tuple(image_size), num_classes
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not 0 <= index < self.size:
            raise IndexError(f"FakeData: index {index} is out of range for size {self.size}.")
        generator = chainrule.Generator().manual_seed(index + self.random_offset)
        noise = chainrule.randn(*self.image_size, generator=generator)
        target = int(chainrule.randint(0, self.num_classes, (1,), generator=generator))
        picture = (noise.numpy() * 255).astype(np.int64).astype(np.uint8).transpose(1, 2, 0)
        picture = picture[:, :, 0] if picture.shape[2] == 1 else picture
        if have_pillow():
            return self._pair(functional.to_pil_image(picture), target)
        return self._pair(picture, target)

    def __len__(self) -> int:
        return self.size
