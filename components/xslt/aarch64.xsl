<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/domain/os[@firmware]" priority="2">
    <xsl:copy>
      <xsl:apply-templates select="@*|type"/>
      <firmware>
        <feature enabled="no" name="enrolled-keys"/>
        <feature enabled="no" name="secure-boot"/>
      </firmware>
      <xsl:apply-templates select="node()[not(self::type)]"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/domain/features/pae|/domain/features/apic" priority="2"/>

  <xsl:template match="/domain/cpu[@mode = 'custom']" priority="2">
    <cpu mode="custom" match="exact">
      <model fallback="forbid">cortex-a57</model>
    </cpu>
  </xsl:template>
</xsl:stylesheet>
