from rest_framework import serializers


class CommentSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField(read_only=True)
    card = serializers.UUIDField(help_text="The key of the card.")
    text = serializers.CharField(max_length=2000)
    by = serializers.CharField(read_only=True, help_text="The member of staff, the API key or the guest.")
    link = serializers.CharField(read_only=True, allow_null=True, help_text="Of a guest: the name of the share link.")
    at = serializers.DateTimeField(read_only=True)
    resolved_at = serializers.DateTimeField(read_only=True, allow_null=True)


class ShareLinkSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100)
    shows_numbers = serializers.BooleanField(default=False, help_text="With how many customers are in each stage.")
    takes_comments = serializers.BooleanField(default=False, help_text="Guests may comment on cards.")
    address = serializers.CharField(read_only=True, allow_null=True, help_text="Null when it was revoked.")
    created_at = serializers.DateTimeField(read_only=True)
    last_opened_at = serializers.DateTimeField(read_only=True, allow_null=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)
