"""Korean for what `errors` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "error": "오류",
    "warning": "경고",
    "hint": "힌트",
    "; ": ". ",
    "{message} ({hint})": "{message} ({hint})",
    # What systems say of files
    "No such file or directory": "그런 파일이나 폴더가 없습니다",
    "Permission denied": "권한이 없습니다",
    "Operation not permitted": "허용되지 않은 동작입니다",
    "Is a directory": "폴더입니다",
    "Not a directory": "폴더가 아닙니다",
    "File exists": "파일이 이미 있습니다",
    "File name too long": "파일 이름이 너무 깁니다",
    "No space left on device": "디스크에 남은 자리가 없습니다",
    "Read-only file system": "쓸 수 없는 파일 시스템입니다",
    "Too many levels of symbolic links": "심볼릭 링크가 너무 깊이 이어집니다",
    "Exec format error": "실행할 수 없는 형식입니다",
    "Input/output error": "입출력 오류입니다",
    "Address already in use": "이미 쓰이고 있습니다",
    "Broken pipe": "읽는 쪽이 닫혔습니다",
}
